/* The tests of single conditions, "!" and "|" not counted. For condition*.c only. */
#pragma once

#include "spec/condition.h"

/* 1 for met, 0 for not met, negative errno when the host does not tell. */
typedef int (*ConditionTest)(const char *value);

int condition_architecture(const char *value);
int condition_virtualization(const char *value);
int condition_host(const char *value);
int condition_fraction(const char *value);
int condition_machine_tag(const char *value);
int condition_security(const char *value);
int condition_first_boot(const char *value);
int condition_capability(const char *value);
int condition_environment(const char *value);

int condition_kernel_command_line(const char *value);
int condition_kernel_module_loaded(const char *value);
int condition_kernel_version(const char *value);
int condition_version(const char *value);
int condition_os_release(const char *value);

int condition_memory(const char *value);
int condition_cpus(const char *value);
int condition_cpu_feature(const char *value);
int condition_control_group_controller(const char *value);
int condition_memory_pressure(const char *value);
int condition_cpu_pressure(const char *value);
int condition_io_pressure(const char *value);

/** condition_compare_versions() - negative, 0 or positive: @a is older than, as old as, newer than @b. */
int condition_compare_versions(const char *a, const char *b);

/* Kernel files and those of /etc that tests read are no larger. */
#define CONDITION_FILE_MAX (256 * 1024)
