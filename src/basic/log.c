/*
 * The journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): one datagram of FIELD=value
 * lines; a value with a newline is written as FIELD, newline, 64-bit little-endian length, value.
 * Spoken directly, so that no library is needed below the manager.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/log.h"
#include "basic/unit-name.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

static const char *identifier = "nsunits";
static int max_level = LOG_INFO;
static int kmsg_fd = -EBADF;
static LogInvocationFn invocation_fn;
static void *invocation_data;

void log_open(const char *name, int level) {
        identifier = name;
        max_level = level;
}

void log_open_kmsg(void) {
        if (kmsg_fd < 0)
                kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

void log_ask_invocation(LogInvocationFn fn, void *data) {
        invocation_fn = fn;
        invocation_data = data;
}

/* One write is one record. The kernel refuses longer ones than 1024 bytes. */
static int send_to_kmsg(int level, const char *message) {
        char record[1000];

        if (kmsg_fd < 0)
                return -EBADF;
        (void) snprintf(record, sizeof(record), "<%i>%s[%i]: %s", LOG_DAEMON | level, identifier, getpid(),
                        message);
        return write(kmsg_fd, record, strlen(record)) < 0 ? -errno : 0;
}

static void put_field(FILE *f, const char *name, const char *value) {
        uint64_t size = htole64(strlen(value));

        if (!strchr(value, '\n')) {
                fprintf(f, "%s=%s\n", name, value);
                return;
        }

        fprintf(f, "%s\n", name);
        fwrite(&size, sizeof(size), 1, f);
        fprintf(f, "%s\n", value);
}

static void put_assignment(FILE *f, const char *assignment) {
        autofree char *name = strndup(assignment, strcspn(assignment, "="));

        if (name && assignment[strlen(name)] == '=')
                put_field(f, name, assignment + strlen(name) + 1);
}

static bool has_invocation(const char *const *fields) {
        for (; fields && *fields; fields++)
                if (strncmp(*fields, LOG_FIELD_INVOCATION, strlen(LOG_FIELD_INVOCATION)) == 0)
                        return true;
        return false;
}

static void put_unit(FILE *f, const char *unit, const char *const *fields) {
        autofree char *service = NULL;
        char invocation[33];

        put_field(f, "NSUNITS_UNIT", unit);
        if (unit_name_kind(unit) != UNIT_KIND_INVALID_ && unit_name_to_service(unit, &service) >= 0)
                put_field(f, "OBJECT_SYSTEMD_UNIT", service);
        if (!has_invocation(fields) && invocation_fn && invocation_fn(unit, invocation_data, invocation))
                fprintf(f, LOG_FIELD_INVOCATION "%s\n", invocation);
}

static int send_to_journal(int level, const char *unit, const char *const *fields, const char *message) {
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
        autoclose int fd = -EBADF;
        autofree char *entry = NULL;
        size_t size = 0;
        FILE *f;

        f = open_memstream(&entry, &size);
        if (!f)
                return -ENOMEM;

        put_field(f, "MESSAGE", message);
        fprintf(f, "PRIORITY=%i\nSYSLOG_IDENTIFIER=%s\n", level, identifier);
        if (unit)
                put_unit(f, unit, fields);
        for (; fields && *fields; fields++)
                put_assignment(f, *fields);
        if (fclose(f) != 0)
                return -ENOMEM;

        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (sendto(fd, entry, size, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *) &address,
                   sizeof(address)) < 0)
                return -errno;
        return 0;
}

PRINTF_LIKE(4, 0)
static void log_v(int level, const char *unit, const char *const *fields, const char *fmt, va_list ap) {
        autofree char *text = NULL, *message = NULL;
        int saved = errno;

        if (level > max_level)
                return;
        if (vasprintf(&text, fmt, ap) < 0) {
                text = NULL;
                return;
        }
        /* In the text as well: not everybody looks at the fields. */
        if (asprintf(&message, "%s%s%s", unit ? unit : "", unit ? ": " : "", text) < 0) {
                message = NULL;
                return;
        }

        if (isatty(STDERR_FILENO) ||
            (send_to_kmsg(level, message) < 0 && send_to_journal(level, unit, fields, message) < 0))
                fprintf(stderr, "%s\n", message);
        errno = saved;
}

void log_message(int level, const char *unit, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        log_v(level, unit, NULL, fmt, ap);
        va_end(ap);
}

void log_entry(int level, const char *unit, const char *const *fields, const char *fmt, ...) {
        va_list ap;

        va_start(ap, fmt);
        log_v(level, unit, fields, fmt, ap);
        va_end(ap);
}
