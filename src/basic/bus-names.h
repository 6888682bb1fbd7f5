/* What both ends of the D-Bus conversation have to spell alike: bus serves these names, ctl calls them. */
#pragma once

#define BUS_SERVICE "org.nsunits1"
#define BUS_PATH    "/org/nsunits1"

/* Objects of one unit and one job: these, a slash, and the escaped name (sd_bus_path_encode(3)) or number. */
#define BUS_UNIT_PREFIX "/org/nsunits1/unit"
#define BUS_JOB_PREFIX  "/org/nsunits1/job"

#define BUS_MANAGER_INTERFACE "org.nsunits1.Manager"
#define BUS_UNIT_INTERFACE    "org.nsunits1.Unit"
/* Of a section of unit files by its title: "org.nsunits1.Service". */
#define BUS_SECTION_INTERFACE(title) "org.nsunits1." title
#define BUS_SERVICE_INTERFACE        "org.nsunits1.Service"
#define BUS_CONTAINER_INTERFACE      "org.nsunits1.Container"
#define BUS_JOB_INTERFACE            "org.nsunits1.Job"

/* Name of the private socket below the run directory of the configuration. */
#define BUS_PRIVATE_SOCKET "bus"
/* Beside it, the text of the configuration that the manager has read, if there is nothing to be told of it.
 */
#define BUS_PRIVATE_CONFIG "nsunitd.conf"

/* Where both are without a configuration. */
#define BUS_PRIVATE_DIRECTORY "/run/nsunitd"
#define BUS_PRIVATE_DEFAULT   BUS_PRIVATE_DIRECTORY "/" BUS_PRIVATE_SOCKET

/* Errors, named as org.freedesktop.systemd1 names its own. */
#define BUS_ERROR_NO_SUCH_UNIT    "org.nsunits1.NoSuchUnit"
#define BUS_ERROR_NO_SUCH_JOB     "org.nsunits1.NoSuchJob"
#define BUS_ERROR_NO_SUCH_IMAGE   "org.nsunits1.NoSuchImage"
#define BUS_ERROR_NO_SUCH_VOLUME  "org.nsunits1.NoSuchVolume"
#define BUS_ERROR_LOAD_FAILED     "org.nsunits1.LoadFailed"
#define BUS_ERROR_BAD_SETTING     "org.nsunits1.BadUnitSetting"
#define BUS_ERROR_UNIT_MASKED     "org.nsunits1.UnitMasked"
#define BUS_ERROR_NOT_APPLICABLE  "org.nsunits1.JobTypeNotApplicable"
#define BUS_ERROR_DESTRUCTIVE     "org.nsunits1.TransactionIsDestructive"
#define BUS_ERROR_CYCLIC          "org.nsunits1.TransactionOrderIsCyclic"
#define BUS_ERROR_NOT_RUNNING     "org.nsunits1.NotRunning"
#define BUS_ERROR_BUSY            "org.nsunits1.Busy"
#define BUS_ERROR_NO_SUCH_PROGRAM "org.nsunits1.NoSuchProgram"
#define BUS_ERROR_NOT_EXECUTABLE  "org.nsunits1.ProgramNotExecutable"
#define BUS_ERROR_FAILED          "org.nsunits1.Failed"

/* Those that stand for an errno of the manager, at both ends. What does not exist has a name by what it is.
 */
#define BUS_ERRNO_LIST(X)                       \
        X(EBADMSG, BUS_ERROR_BAD_SETTING)       \
        X(ERFKILL, BUS_ERROR_UNIT_MASKED)       \
        X(EDEADLK, BUS_ERROR_CYCLIC)            \
        X(EEXIST, BUS_ERROR_DESTRUCTIVE)        \
        X(EOPNOTSUPP, BUS_ERROR_NOT_APPLICABLE) \
        X(ESRCH, BUS_ERROR_NOT_RUNNING)         \
        X(EBUSY, BUS_ERROR_BUSY)

/* The drop-in by which `nsctl disable` takes a unit's [Install] away: known by its name when states are
 * shown. */
#define UNIT_DISABLE_DROP_IN "50-nsctl-disable.conf"
