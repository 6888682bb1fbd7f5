/* From a negative errno of the manager to a D-Bus error: the only place that knows the names. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/utf8.h"
#include "bus/bus-internal.h"

static const char *const missing[] = {
        [ABOUT_UNIT] = BUS_ERROR_NO_SUCH_UNIT,       [ABOUT_JOB] = BUS_ERROR_NO_SUCH_JOB,
        [ABOUT_IMAGE] = BUS_ERROR_NO_SUCH_IMAGE,     [ABOUT_VOLUME] = BUS_ERROR_NO_SUCH_VOLUME,
        [ABOUT_PROGRAM] = BUS_ERROR_NO_SUCH_PROGRAM,
};

static const struct {
        int error;
        const char *name;
} names[] = { { EINVAL, SD_BUS_ERROR_INVALID_ARGS },
              { ENOMEM, SD_BUS_ERROR_NO_MEMORY },
              { EACCES, SD_BUS_ERROR_ACCESS_DENIED },
              { EPERM, SD_BUS_ERROR_ACCESS_DENIED },
#define X(code, name) { code, name },
              BUS_ERRNO_LIST(X)
#undef X
};

static const char *name_of(ErrorSubject about, int r) {
        if (r == -ENOENT)
                return missing[about];
        if (about == ABOUT_PROGRAM && (r == -EACCES || r == -ENOEXEC))
                return BUS_ERROR_NOT_EXECUTABLE;
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (names[i].error == -r)
                        return names[i].name;
        return BUS_ERROR_FAILED;
}

/* For those whose errno was chosen for its name and not for its words. */
static const char *words_of(ErrorSubject about, int r) {
        static const char *const nothing[] = {
                [ABOUT_UNIT] = "there is no such unit file",  [ABOUT_JOB] = "there is no such job",
                [ABOUT_IMAGE] = "there is no such image",     [ABOUT_VOLUME] = "there is no such volume",
                [ABOUT_PROGRAM] = "there is no such program",
        };

        switch (-r) {
        case ENOENT:
                return nothing[about];
        case EBADMSG:
                return "the unit file has errors, see \"nsctl verify\"";
        case ERFKILL:
                return "the unit is masked";
        case EDEADLK:
                return "the ordering of the units is cyclic";
        case EEXIST:
                return "another job for the unit is queued that says otherwise";
        case ESRCH:
                return "it does not run";
        case EBUSY:
                return "it is in use";
        }
        return strerror(-r);
}

int bus_error_set(sd_bus_error *error, ErrorSubject about, int r, const Fault *fault, const char *object) {
        autofree char *told = fault && fault->error < 0 ? fault_to_string(fault) : NULL;

        if (told)
                return sd_bus_error_set(error, name_of(about, r), told);
        if (object)
                return sd_bus_error_setf(error, name_of(about, r), "%s: %s", object, words_of(about, r));
        return sd_bus_error_set(error, name_of(about, r), words_of(about, r));
}

int bus_error_set_refused(sd_bus_error *error, int r, const Fault *fault, const char *object) {
        const char *words = r == -EACCES       ? "only units that depend on it may ask for that"
                            : r == -EOPNOTSUPP ? "that cannot be done with it"
                                               : words_of(ABOUT_UNIT, r);
        const char *advice = fault->advice;

        /* What else goes wrong is an operation that has failed, and its errno has the right words. */
        if (fault->error != r || !fault->object[0] || streq(words, strerror(-r)) || r == -ENOENT)
                return bus_error_set(error, ABOUT_UNIT, r, fault, object);

        return sd_bus_error_setf(error, name_of(ABOUT_UNIT, r), "%s: %s%s%s%s", fault->object, words,
                                 advice[0] ? " (" : "", advice, advice[0] ? ")" : "");
}

uid_t bus_sender(sd_bus_message *m) {
        sd_bus_creds *creds = NULL;
        uid_t uid = (uid_t) -1;

        /* On the private socket the kernel has told already; the system bus is asked, which answers at once.
         */
        if (sd_bus_query_sender_creds(m, SD_BUS_CREDS_EUID, &creds) < 0 ||
            sd_bus_creds_get_euid(creds, &uid) < 0)
                uid = (uid_t) -1;
        sd_bus_creds_unref(creds);
        return uid;
}

int bus_require_root(sd_bus_message *m, sd_bus_error *error) {
        const uid_t uid = bus_sender(m);

        if (uid == 0 || uid == geteuid())
                return 0;
        return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, BUS_ONLY_ROOT);
}

bool bus_caller_is_root(sd_bus *bus) {
        sd_bus_message *m = sd_bus_get_current_message(bus);

        return m && bus_require_root(m, NULL) == 0;
}

char *bus_caller(sd_bus_message *m) {
        autofree char *comm = NULL;
        sd_bus_creds *creds = NULL;
        char path[64], *text;
        bool known;
        uid_t uid;
        pid_t pid;

        known = sd_bus_query_sender_creds(m, SD_BUS_CREDS_PID | SD_BUS_CREDS_EUID, &creds) >= 0 &&
                sd_bus_creds_get_pid(creds, &pid) >= 0 && sd_bus_creds_get_euid(creds, &uid) >= 0;
        sd_bus_creds_unref(creds);
        if (!known)
                return strdup("a client that has gone");

        (void) snprintf(path, sizeof(path), "/proc/%i/comm", pid);
        if (file_read_line(AT_FDCWD, path, &comm) < 0)
                comm = NULL;
        return asprintf(&text, "%s (pid %i, user %u)", comm ? utf8_make_plain(comm) : "a client", pid, uid) <
                               0
                       ? NULL
                       : text;
}

void bus_answer_later(sd_bus_message *m, int r, ErrorSubject about, const char *text, bool with_text) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        if (r >= 0 && with_text)
                (void) sd_bus_reply_method_return(m, "s", strempty(text));
        else if (r >= 0)
                (void) sd_bus_reply_method_return(m, NULL);
        else {
                (void) bus_error_set(&error, about, r, NULL, text);
                if (text)
                        (void) sd_bus_reply_method_errorf(m, error.name, "%s", text);
                else
                        (void) sd_bus_reply_method_error(m, &error);
                sd_bus_error_free(&error);
        }
        sd_bus_message_unref(m);
}
