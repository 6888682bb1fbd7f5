/*
 * Where the cgroups of all units live: a directory of the cgroup v2 hierarchy with the controllers that
 * the host lets us have.
 *
 *      below the parent of our own cgroup, when that is delegated to us (systemd: DelegateSubgroup=)
 *      <cgroup2>/nsunits-.slice everywhere else
 *
 * To systemd's tools the cgroup of web.container, nsunits-.slice/web.service, is that of a service in a
 * slice: journald, machined and ps name its processes after web.service. systemd has no part in it, and
 * nobody can give it one: it takes the slice for the name of none, where it would switch controllers off in
 * one that it had started.
 *
 * A delegated cgroup in which the manager itself sits (Delegate= without DelegateSubgroup=, systemd < 254)
 * is not used: once controllers are enabled for its children, systemd cannot put a restarted manager
 * into it (EBUSY, cgroups(7) "no internal processes"), and restarts must not stop containers.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "basic/cleanup.h"
#include "basic/fault.h"
#include "basic/strtab.h"
#include "spec/limit-spec.h"

#define CGROUP_CONTROLLER_LIST(X)  \
        X(CGROUP_CPU, "cpu")       \
        X(CGROUP_CPUSET, "cpuset") \
        X(CGROUP_IO, "io")         \
        X(CGROUP_MEMORY, "memory") \
        X(CGROUP_PIDS, "pids")

ENUM_DECLARE(CgroupController, cgroup_controller, CGROUP_CONTROLLER, CGROUP_CONTROLLER_LIST);

typedef struct CgroupRoot CgroupRoot;

/** cgroup_root_free() - removes nothing. NULL is fine. */
void cgroup_root_free(CgroupRoot *root);

AUTOPTR_DEFINE(CgroupRoot, cgroup_root_free);

/**
 * cgroup_root_open() - find or make the directory and enable controllers on the way to it
 * @parent: path below the cgroup2 mount ("/nsunits-.slice"), made if missing; NULL = as described above
 *
 * Controllers that cannot be enabled are not an error: see cgroup_root_supports().
 *
 * Returns: 0; -ENOENT when no cgroup2 file system is mounted, -EROFS, -EACCES ... with @fault filled.
 */
int cgroup_root_open(const char *parent, Fault *fault, CgroupRoot **ret);

/**
 * cgroup_root_renew() - make the directory again if somebody has removed it, which he can while it is empty
 *
 * One system call when it is there. Returns 0 or a negative errno with @fault filled.
 */
int cgroup_root_renew(CgroupRoot *root, Fault *fault);

/** cgroup_of_process() - as "/a/b"; free(). 0, -ENOENT when there is none or no such process, ... */
int cgroup_of_process(pid_t pid, char **ret);

/** cgroup_root_supports() - do the cgroups of units have this controller? */
bool cgroup_root_supports(const CgroupRoot *root, CgroupController c);

/** cgroup_root_check() - can these limits be kept here? 0, or -EOPNOTSUPP with @fault naming key and
 * controller. */
int cgroup_root_check(const CgroupRoot *root, const LimitSpec *limits, Fault *fault);

/**
 * cgroup_root_enable() - switch on what controllers these limits need, for all cgroups in the directory
 *
 * The others are on from the beginning; cpuset and io cost something in every cgroup and are wanted in few.
 * They stay on.
 *
 * Returns: 0, or as cgroup_root_check().
 */
int cgroup_root_enable(CgroupRoot *root, const LimitSpec *limits, Fault *fault);

/** cgroup_root_delegate() - switch on what there is of @controllers (a set of Controller), as Delegate= says.
 */
void cgroup_root_delegate(CgroupRoot *root, unsigned controllers);

/** cgroup_open_of() - the directory of the cgroup that a process is in. A descriptor or a negative errno. */
int cgroup_open_of(const CgroupRoot *root, pid_t pid);

/** cgroup_root_path() - as in /proc/PID/cgroup: "/nsunits-.slice". Borrowed. */
const char *cgroup_root_path(const CgroupRoot *root);

/** cgroup_root_mount() - where cgroup2 is mounted: "/sys/fs/cgroup/unified". Borrowed. */
const char *cgroup_root_mount(const CgroupRoot *root);

/** cgroup_root_fd() - the directory. Borrowed. */
int cgroup_root_fd(const CgroupRoot *root);

#define CGROUP_PLACE     "/nsunits-.slice"
#define CGROUP_OLD_PLACE "/nsunits"

/** cgroup_root_old_fd() - where older managers put cgroups, named after units; negative: no such place.
 * Borrowed. */
int cgroup_root_old_fd(const CgroupRoot *root);

/** cgroup_root_remove() - remove the directory if it is empty and ours; else leave it. For the end of the
 * manager. */
void cgroup_root_remove(CgroupRoot *root);
