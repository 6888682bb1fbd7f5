/* Members of a container's object, as `docker inspect` prints them, to keys: the process and its limits. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/import-docker.h"

int inspect_text(Conversion *c, const Doc *value) {
        return inspect_inherited(c, c->row->path) ? 0 : import_as_value(c, value);
}

int inspect_user(Conversion *c, const Doc *value) {
        return inspect_inherited(c, c->row->path) ? 0 : import_as_user(c, value);
}

int inspect_entrypoint(Conversion *c, const Doc *value) {
        return doc_is_empty(value) || inspect_inherited(c, c->row->path) ? 0 : import_as_command(c, value);
}

/* An entry point of its own takes the image's arguments away. */
int inspect_command(Conversion *c, const Doc *value) {
        return unit_text_has(c->unit, PART_OWN, "Entrypoint") || !inspect_inherited(c, c->row->path)
                       ? import_as_command(c, value)
                       : 0;
}

/* Docker's own choice is the beginning of the id. */
int inspect_host_name(Conversion *c, const Doc *value) {
        const char *text, *id = doc_text(c->root, "Id");
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0 || !*text || (id && startswith(id, text)))
                return r;
        return streq_null(inspect_stem(c->root), text) ? 0 : import_as_value(c, value);
}

/* Is it set by the tool or the image, and not by whoever made the container? */
static bool is_own_variable(const Conversion *c, const Doc *d) {
        static const char *const set[] = {
                "container=podman",
                "container=oci",
                "TERM=xterm",
                "HOME=/root",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                NULL
        };
        const Inspect *inspect = c->source;
        const Doc *image = doc_find(inspect->image, c->row->path);
        const char *host = startswith(d->text, "HOSTNAME=");

        for (size_t i = 0; image && i < image->n; i++)
                if (streq_null(image->children[i]->text, d->text))
                        return false;
        return !strv_contains((char **) set, d->text) &&
               !(host && streq_null(doc_text(c->root, "Config.Hostname"), host));
}

int inspect_environment(Conversion *c, const Doc *value) {
        const char *text;
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];

                r = import_text(c->import, d, &text);
                if (r == 0 && strchr(text, '=') && is_own_variable(c, d))
                        r = import_put(c, d, unit_text_word(c->unit, PART_OWN, "Environment", d->at, text));
        }
        return r;
}

int inspect_labels(Conversion *c, const Doc *value) {
        static const char *const tools[] = { "com.docker.compose.", "io.podman.compose.",
                                             "desktop.docker.io/", "PODMAN_SYSTEMD_UNIT",
                                             "com.docker.swarm." };
        const Inspect *inspect = c->source;
        const Doc *image = doc_find(inspect->image, c->row->path);
        int r = 0;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                bool skip = image && doc_equal(doc_get(image, d->key), d);
                autofree char *word = NULL;

                for (size_t k = 0; k < ELEMENTSOF(tools); k++)
                        skip = skip || startswith(d->key, tools[k]);
                if (skip)
                        continue;
                if (asprintf(&word, "%s=%s", d->key, strempty(d->text)) < 0) {
                        word = NULL;
                        return -ENOMEM;
                }
                r = import_put(c, d, unit_text_word(c->unit, PART_OWN, "Label", d->at, word));
        }
        return r;
}

int inspect_secrets(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                const char *name = doc_text(d, "Name");

                r = name ? import_put(c, d, unit_text_word(c->unit, PART_OWN, "Secret", d->at, name))
                         : import_error(c->import, d, "it has no name");
        }
        return r;
}

/* A conversion that reads another key than that of the row in hand. */
static int as(Conversion *c, const char *key, ImportConvert convert, const Doc *value) {
        const ImportRow row = { .path = c->row->path, .part = PART_OWN, .key = key }, *outer = c->row;
        int r;

        if (!value || doc_is_empty(value))
                return 0;
        c->row = &row;
        r = convert(c, value);
        c->row = outer;
        return r;
}

int inspect_health(Conversion *c, const Doc *value) {
        const Doc *test = doc_find(value, "Test");
        int r;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        if (!test || doc_is_empty(test) || inspect_inherited(c, c->row->path))
                return 0;
        r = import_health_command(c, test);
        if (r == 0)
                r = as(c, "HealthInterval", import_as_span, doc_find(value, "Interval"));
        if (r == 0)
                r = as(c, "HealthTimeout", import_as_span, doc_find(value, "Timeout"));
        if (r == 0)
                r = as(c, "HealthRetries", import_as_value, doc_find(value, "Retries"));
        if (r == 0)
                r = as(c, "HealthStartPeriod", import_as_span, doc_find(value, "StartPeriod"));
        return r;
}

int inspect_on_failure(Conversion *c, const Doc *value) {
        return streq_null(value->text, "none") ? 0 : import_as_value(c, value);
}

int inspect_stop_timeout(Conversion *c, const Doc *value) {
        return streq_null(value->text, "10") || streq_null(value->text, "0") ? 0 : import_as_value(c, value);
}

int inspect_log_driver(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        /* These are what the tools do when nobody has asked for anything. */
        r = import_text(c->import, value, &text);
        if (r < 0 || !*text || streq(text, "journald") || streq(text, "json-file") || streq(text, "k8s-file"))
                return r;
        return streq(text, "none")
                       ? import_as_value(c, value)
                       : import_note(c, value, "logs go to the journal, or where nsunitd.conf says");
}

int inspect_restart(Conversion *c, const Doc *value) {
        const char *name = doc_text(value, "Name");
        uint32_t retries = 0;

        if (value->kind != DOC_MAP)
                return import_wrong_kind(c->import, value, "a map");
        (void) parse_u32_range(strempty(doc_text(value, "MaximumRetryCount")), 0, 1000000, &retries);
        return import_restart(c, value, strempty(name), name && streq(name, "on-failure") ? retries : 0);
}

int inspect_shm_size(Conversion *c, const Doc *value) {
        const char *text = strempty(value->text);

        /* The defaults of Docker and of Podman. */
        return streq(text, "67108864") || streq(text, "65536000") ? 0 : import_as_limit(c, value);
}

int inspect_pids_limit(Conversion *c, const Doc *value) {
        const char *text = strempty(value->text);

        return streq(text, "0") || streq(text, "-1") || streq(text, "2048") ? 0 : import_as_tasks(c, value);
}

/* Docker counts memory and swap together, and sets twice the memory by itself. */
int inspect_memory_swap(Conversion *c, const Doc *value) {
        uint64_t both, memory;
        char text[32];

        if (streq_null(value->text, "-1"))
                return unit_text_raw(c->unit, PART_SERVICE, "MemorySwapMax", value->at, "infinity");
        if (parse_u64(strempty(value->text), &both) < 0 ||
            parse_u64(strempty(doc_text(c->root, "HostConfig.Memory")), &memory) < 0 || both < memory ||
            memory == 0 || both - memory == memory)
                return 0;
        (void) snprintf(text, sizeof(text), "%" PRIu64, both - memory);
        return unit_text_raw(c->unit, PART_SERVICE, "MemorySwapMax", value->at, text);
}

static int put_quota(Conversion *c, const Doc *d, double percent) {
        char text[32];

        (void) snprintf(text, sizeof(text), "%.10g%%", percent);
        return unit_text_raw(c->unit, PART_SERVICE, "CPUQuota", d->at, text);
}

int inspect_nano_cpus(Conversion *c, const Doc *value) {
        uint64_t n;

        return parse_u64(strempty(value->text), &n) < 0 || n == 0 ? 0 : put_quota(c, value, (double) n / 1e7);
}

int inspect_cpu_quota(Conversion *c, const Doc *value) {
        uint64_t quota, period;

        if (parse_u64(strempty(value->text), &quota) < 0 || quota == 0)
                return 0;
        if (parse_u64(strempty(doc_text(c->root, "HostConfig.CpuPeriod")), &period) < 0 || period == 0)
                period = 100000;
        return put_quota(c, value, (double) quota * 100 / (double) period);
}

/* Podman writes RLIMIT_NOFILE, and lists what it sets by itself. */
int inspect_ulimits(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];
                const char *name = doc_text(d, "Name"), *soft = doc_text(d, "Soft"),
                           *hard = doc_text(d, "Hard");
                autofree char *text = NULL;

                if (!name || !soft || !hard)
                        return import_error(c->import, d, "Name, Soft or Hard is missing");
                name = startswith(name, "RLIMIT_") ?: name;
                if (asprintf(&text, "%s=%s:%s", name, soft, hard) < 0) {
                        text = NULL;
                        return -ENOMEM;
                }
                for (char *p = text; *p && *p != '='; p++)
                        if (*p >= 'A' && *p <= 'Z')
                                *p = (char) (*p - 'A' + 'a');
                r = import_put(c, d, unit_text_value(c->unit, PART_OWN, "Ulimit", d->at, text));
        }
        return r;
}

int inspect_namespace(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0 || !*text || streq(text, "private") || streq(text, "shareable") || doc_text(c->root, "Pod"))
                return r;
        return import_note(c, value, "this namespace is always the container's own");
}
