/* What skopeo says: progress bars and reasons. Pure. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "image/reference.h"
#include "image/skopeo.h"

/* "5.7MiB", "586.0b". */
static const char *parse_amount(const char *s, uint64_t *ret) {
        static const struct {
                const char *unit;
                unsigned shift;
        } units[] = { { "b", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 }, { "TiB", 40 } };
        char *end;
        double v = strtod(s, &end);

        if (end == s || v < 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                const char *rest = startswith(end, units[i].unit);

                if (rest) {
                        *ret = (uint64_t) (v * (double) (UINT64_C(1) << units[i].shift));
                        return rest;
                }
        }
        return NULL;
}

/* "Copying blob 1acbc6cac634 [====>---] 2.3MiB / 5.7MiB", or "done", or "skipped: already exists" */
int skopeo_parse_line(const char *line, PullEvent *ret) {
        const char *name = startswith(line, "Copying blob "), *rest, *bar;
        size_t n;

        name = name && startswith(name, "sha256:") ? startswith(name, "sha256:") : name;
        n = name ? strspn(name, "0123456789abcdef") : 0;
        if (n < 8)
                return -EBADMSG;
        rest = name + n + strspn(name + n, " ");

        *ret = (PullEvent){ .kind = PULL_EVENT_FETCH };
        (void) snprintf(ret->text, sizeof(ret->text), "%.12s", name);
        ret->text[MIN_OF(n, (size_t) 12)] = '\0';
        if (startswith(rest, "done") || startswith(rest, "skipped")) {
                ret->done = ret->total = 1;
                return 0;
        }

        bar = strchr(rest, ']');
        bar = bar ? parse_amount(bar + 1, &ret->done) : NULL;
        bar = bar ? startswith(bar, " / ") : NULL;
        if (bar)
                (void) parse_amount(bar, &ret->total);
        /* Both are rounded; the word "done" comes when it is. */
        if (ret->total > 0 && ret->done >= ret->total)
                ret->done = ret->total - 1;
        return 0;
}

/* The msg="..." of its last line, unquoted, or that line itself. */
static void last_message(const char *text, char *ret, size_t size) {
        const char *line = text, *message;
        size_t n = 0;

        for (const char *p = text; (p = strchr(p, '\n')) && p[1]; p++)
                line = p + 1;
        message = strstr(line, "msg=\"");
        if (!message) {
                (void) snprintf(ret, size, "%.*s", (int) strcspn(line, "\n"), line);
                return;
        }

        for (message += 5; *message && *message != '"' && n + 1 < size; message++) {
                if (*message == '\\' && message[1])
                        message++;
                ret[n++] = *message;
        }
        ret[n] = '\0';
}

/* Which image is told by whoever tells the reason. */
static const char *without_place(const char *message) {
        static const char *const places[] = { "initializing source ", "pinging container registry ",
                                              "reading manifest ", "Error ", "error " };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                const char *colon = startswith(message, places[i]) ? strstr(message, ": ") : NULL;

                if (colon)
                        return without_place(colon + 2);
        }
        return message;
}

void skopeo_reason(const char *text, char *ret, size_t size) {
        char message[2048];
        const char *reason;
        size_t n;

        last_message(text, message, sizeof(message));
        reason = without_place(message);
        n = strlen(reason);

        /* "manifest unknown: manifest unknown": the error's code and its words. */
        if (n > 4 && n % 2 == 0 && strncmp(reason + n / 2 - 1, ": ", 2) == 0 &&
            strncmp(reason, reason + n / 2 + 1, n / 2 - 1) == 0)
                reason += n / 2 + 1;
        n = strlen(reason);
        if (n >= size)
                (void) snprintf(ret, size, "...%s", reason + n - size + 4);
        else
                (void) snprintf(ret, size, "%s", n > 0 ? reason : "skopeo did not say why");
}

int skopeo_errno(const char *reason) {
        static const struct {
                const char *words;
                int error;
        } words[] = {
                { "no space left on device", ENOSPC },
                { "disk quota exceeded", EDQUOT },
                { "unauthorized", EACCES },
                { "authentication required", EACCES },
                { "invalid username/password", EACCES },
                { "denied", EACCES },
                { "manifest unknown", ENOENT },
                { "name unknown", ENOENT },
                { "repository name not known", ENOENT },
                { "no such file or directory", ENOENT },
                { "no image found", ENOENT },
                { "x509", EPROTO },
                { "server gave HTTP response", EPROTO },
                { "invalid reference format", EINVAL },
                { "toomanyrequests", EAGAIN },
                { "connection refused", ECONNREFUSED },
                { "no such host", EHOSTUNREACH },
                { "unreachable", EHOSTUNREACH },
                { "connection reset", ECONNRESET },
                { "EOF", ECONNRESET },
                { "timeout", ETIMEDOUT },
                { "deadline exceeded", ETIMEDOUT },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strstr(reason, words[i].words))
                        return -words[i].error;
        return -EIO;
}

/* Get "https://HOST/v2/": dial tcp 192.0.2.1:443: connect: connection refused */
bool skopeo_unreachable(const char *reason, const char *source) {
        const size_t n = reference_registry(source);
        const bool hub = n == strlen("docker.io") && startswith(source, "docker.io");
        char words[300];

        if (n == 0 || n > sizeof(words) / 2)
                return false;
        (void) snprintf(words, sizeof(words), "://%s%.*s/v2/\": dial ", hub ? "registry-1." : "", (int) n,
                        source);
        return strstr(reason, words);
}

bool skopeo_may_pass(int r) {
        switch (-r) {
        case EIO:
        case EAGAIN:
        case ECONNREFUSED:
        case EHOSTUNREACH:
        case ECONNRESET:
        case ETIMEDOUT:
                return true;
        default:
                return false;
        }
}
