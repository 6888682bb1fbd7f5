/*
 * Filters of system calls as files: the JSON of Docker, Podman and the OCI runtime specification
 * (config-linux.md, "Seccomp"), with Docker's conditions on capabilities, processors and kernels. Plain data.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "basic/diag.h"
#include "basic/strtab.h"

#define PROFILE_ACTION_LIST(X)                           \
        X(PROFILE_KILL_THREAD, "SCMP_ACT_KILL_THREAD")   \
        X(PROFILE_KILL_PROCESS, "SCMP_ACT_KILL_PROCESS") \
        X(PROFILE_TRAP, "SCMP_ACT_TRAP")                 \
        X(PROFILE_ERRNO, "SCMP_ACT_ERRNO")               \
        X(PROFILE_TRACE, "SCMP_ACT_TRACE")               \
        X(PROFILE_LOG, "SCMP_ACT_LOG")                   \
        X(PROFILE_ALLOW, "SCMP_ACT_ALLOW")

ENUM_DECLARE(ProfileAction, profile_action, PROFILE_ACTION, PROFILE_ACTION_LIST);

#define PROFILE_COMPARE_LIST(X)      \
        X(COMPARE_NE, "SCMP_CMP_NE") \
        X(COMPARE_LT, "SCMP_CMP_LT") \
        X(COMPARE_LE, "SCMP_CMP_LE") \
        X(COMPARE_EQ, "SCMP_CMP_EQ") \
        X(COMPARE_GE, "SCMP_CMP_GE") \
        X(COMPARE_GT, "SCMP_CMP_GT") \
        X(COMPARE_MASKED_EQ, "SCMP_CMP_MASKED_EQ")

ENUM_DECLARE(ProfileCompare, profile_compare, PROFILE_COMPARE, PROFILE_COMPARE_LIST);

/* Of one argument; with COMPARE_MASKED_EQ the first value is the mask. */
typedef struct ProfileCondition {
        unsigned index; /* 0 ... 5 */
        ProfileCompare op;
        uint64_t value, value_two;
} ProfileCondition;

typedef struct ProfileRule {
        char **names; /* of calls; not every processor has all of them */
        ProfileAction action;
        unsigned error;               /* errno, of PROFILE_ERRNO and PROFILE_TRACE */
        ProfileCondition *conditions; /* all must hold */
        size_t n_conditions;
} ProfileRule;

typedef struct SeccompProfile {
        ProfileAction action; /* of calls that no rule names */
        unsigned error;
        ProfileRule *rules; /* those that apply; of several about one call the first that fits counts, and
                             * those without conditions come last */
        size_t n_rules;
        char *text; /* the file: profiles with the same text and capabilities are the same */
} SeccompProfile;

/**
 * seccomp_profile_parse() - read a profile
 * @text:         the file's text
 * @path:         its name, for messages
 * @capabilities: of the container: rules for others are left out
 *
 * Returns: 0, -EINVAL with a message in @diag, -ENOMEM.
 */
int seccomp_profile_parse(const char *text, const char *path, uint64_t capabilities, Diag *diag,
                          SeccompProfile **ret);

/** seccomp_profile_free() - NULL is fine. */
void seccomp_profile_free(SeccompProfile *p);

AUTOPTR_DEFINE(SeccompProfile, seccomp_profile_free);
