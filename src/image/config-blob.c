/* Image configurations: OCI image-spec config.md, and Docker's, which differs in nothing we read. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "basic/strv.h"
#include "image/json.h"
#include "image/manifest.h"
#include "image/reference.h"

void config_blob_free(ConfigBlob *c) {
        if (!c)
                return;

        image_config_free(c->config);
        free(c->architecture);
        free(c->os);
        strv_free(c->diff_ids);
        free(c);
}

/* RFC 3339 with any fraction and offset; 0 for what is not that. */
static int64_t time_parse(const char *s) {
        struct tm tm = {};
        int hours, minutes;
        char sign;
        int64_t t;

        s = s ? strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
        if (!s)
                return 0;

        t = timegm(&tm);
        if (*s == '.')
                s += 1 + strspn(s + 1, "0123456789");
        if (sscanf(s, "%c%2d:%2d", &sign, &hours, &minutes) == 3 && (sign == '+' || sign == '-'))
                t -= (sign == '-' ? -60 : 60) * (hours * 60 + minutes);
        return t < 0 ? 0 : t;
}

/* Spans are in ns. A number that makes no sense is one that is not there: it must keep no image from running.
 */
static usec_t span_parse(const json_t *j) {
        json_int_t n = json_integer_value(j);

        return n > 0 ? (usec_t) n / NSEC_PER_USEC : 0;
}

static int health_parse(const json_t *j, ImageHealth *h) {
        json_int_t retries = json_integer_value(json_object_get(j, "Retries"));

        h->interval = span_parse(json_object_get(j, "Interval"));
        h->timeout = span_parse(json_object_get(j, "Timeout"));
        h->start_period = span_parse(json_object_get(j, "StartPeriod"));
        h->retries = retries > 0 && retries <= INT_MAX ? (unsigned) retries : 0;
        return json_copy_strv(json_object_get(j, "Test"), &h->test);
}

/* Go writes "null" for what is empty; both that and a missing member mean the default. */
static int config_parse(const json_t *j, ImageConfig *c) {
        int r;

        r = json_copy_strv(json_object_get(j, "Entrypoint"), &c->entrypoint);
        if (r == 0)
                r = json_copy_strv(json_object_get(j, "Cmd"), &c->cmd);
        if (r == 0)
                r = json_copy_strv(json_object_get(j, "Env"), &c->env);
        if (r == 0)
                r = json_copy_string(json_object_get(j, "User"), &c->user);
        if (r == 0)
                r = json_copy_string(json_object_get(j, "WorkingDir"), &c->working_dir);
        if (r == 0)
                r = json_copy_keys(json_object_get(j, "Volumes"), &c->volumes);
        if (r == 0)
                r = json_copy_keys(json_object_get(j, "ExposedPorts"), &c->exposed_ports);
        if (r == 0)
                r = json_copy_keys(json_object_get(j, "Labels"), &c->labels);
        if (r == 0)
                r = json_copy_string(json_object_get(j, "StopSignal"), &c->stop_signal);
        if (r == 0)
                r = health_parse(json_object_get(j, "Healthcheck"), &c->health);
        return r;
}

static int diff_ids_parse(const json_t *root, char ***ret, Fault *fault) {
        autostrv char **all = NULL, **hex = NULL;
        int r;

        r = json_copy_strv(json_object_get(json_object_get(root, "rootfs"), "diff_ids"), &all);
        if (r < 0)
                return r == -ENOMEM ? r : fault_set(fault, "configuration", r, "rootfs.diff_ids");
        if (strv_length(all) > MANIFEST_LAYERS_MAX)
                return fault_tell(fault, "configuration", -E2BIG, "%zu layers are too many",
                                  strv_length(all));

        STRV_FOREACH (id, all) {
                const char *h = digest_parse(*id);

                if (!h)
                        return fault_set(fault, "configuration", -EOPNOTSUPP, "digest %.80s", *id);
                if (strv_add(&hex, h) < 0)
                        return -ENOMEM;
        }
        *ret = take_ptr(hex);
        return 0;
}

int config_blob_parse(const char *text, size_t size, ConfigBlob **ret, Fault *fault) {
        autoptr(ConfigBlob) c = NULL;
        autojson json_t *root = NULL;
        int r;

        r = json_parse_object(text, size, "configuration", &root, fault);
        if (r < 0)
                return r;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->config = calloc(1, sizeof(*c->config));
        if (!c->config)
                return -ENOMEM;

        r = config_parse(json_object_get(root, "config"), c->config);
        if (r < 0)
                return r == -ENOMEM ? r : fault_set(fault, "configuration", r, "a member has the wrong type");
        r = diff_ids_parse(root, &c->diff_ids, fault);
        if (r < 0)
                return r;
        c->created = time_parse(json_string_value(json_object_get(root, "created")));
        if (json_copy_string(json_object_get(root, "architecture"), &c->architecture) < 0 ||
            json_copy_string(json_object_get(root, "os"), &c->os) < 0)
                return -ENOMEM;

        *ret = take_ptr(c);
        return 0;
}

/* Sets nothing for an empty list, as Go's omitempty does. */
static int set_strv(json_t *j, const char *key, char *const *v) {
        return v && *v ? json_object_set_new(j, key, json_from_strv(v)) : 0;
}

static int set_string(json_t *j, const char *key, const char *value) {
        return value ? json_object_set_new(j, key, json_string(value)) : 0;
}

/* ["a", "k=v"] as {"a": {}, "k": "v"}: volumes and ports have no value, labels have one. */
static int set_keys(json_t *j, const char *key, char *const *v, bool values) {
        json_t *object;

        if (!v || !*v)
                return 0;
        object = json_object();
        if (json_object_set_new(j, key, object) < 0)
                return -1;

        STRV_FOREACH (s, v) {
                size_t n = values ? strcspn(*s, "=") : strlen(*s);
                json_t *value = values && (*s)[n] ? json_string(*s + n + 1) : json_object();

                if (json_object_setn_new(object, *s, n, value) < 0)
                        return -1;
        }
        return 0;
}

static int set_span(json_t *j, const char *key, usec_t span) {
        return span > 0 ? json_object_set_new(j, key, json_integer((json_int_t) (span * NSEC_PER_USEC))) : 0;
}

static int set_health(json_t *j, const ImageHealth *h) {
        json_t *o;

        if (!h->test)
                return 0;
        o = json_object();
        if (json_object_set_new(j, "Healthcheck", o) < 0)
                return -1;
        if (h->retries > 0 && json_object_set_new(o, "Retries", json_integer(h->retries)) < 0)
                return -1;
        return set_strv(o, "Test", h->test) < 0 || set_span(o, "Interval", h->interval) < 0 ||
                               set_span(o, "Timeout", h->timeout) < 0 ||
                               set_span(o, "StartPeriod", h->start_period) < 0
                       ? -1
                       : 0;
}

int config_blob_make(const ImageConfig *config, const char *diff_id, int64_t created, char **ret) {
        static const ImageConfig empty = {};
        const ImageConfig *c = config ? config : &empty;
        autojson json_t *inner = json_object(), *root = NULL;
        char when[32] = "1970-01-01T00:00:00Z";
        time_t t = created;
        struct tm tm;

        if (gmtime_r(&t, &tm))
                (void) strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);

        if (!inner || set_strv(inner, "Entrypoint", c->entrypoint) < 0 ||
            set_strv(inner, "Cmd", c->cmd) < 0 || set_strv(inner, "Env", c->env) < 0 ||
            set_string(inner, "User", c->user) < 0 || set_string(inner, "WorkingDir", c->working_dir) < 0 ||
            set_keys(inner, "Volumes", c->volumes, false) < 0 ||
            set_keys(inner, "ExposedPorts", c->exposed_ports, false) < 0 ||
            set_keys(inner, "Labels", c->labels, true) < 0 ||
            set_string(inner, "StopSignal", c->stop_signal) < 0 || set_health(inner, &c->health) < 0)
                return -ENOMEM;

        root = json_pack("{s:s, s:s, s:s, s:O, s:{s:s, s:[s+]}}", "created", when, "architecture",
                         architecture_native(), "os", "linux", "config", inner, "rootfs", "type", "layers",
                         "diff_ids", "sha256:", diff_id);
        if (!root)
                return -ENOMEM;
        return json_print(root, ret);
}
