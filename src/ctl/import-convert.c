/* Conversions that Compose files and `docker inspect` share. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/import.h"

PRINTF_LIKE(3, 4)
static int put_raw(Conversion *c, const Doc *d, const char *fmt, ...) {
        autofree char *text = NULL;
        va_list ap;
        int n;

        va_start(ap, fmt);
        n = vasprintf(&text, fmt, ap);
        va_end(ap);
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return unit_text_raw(c->unit, c->row->part, c->row->key, d->at, text);
}

int import_as_value(Conversion *c, const Doc *value) {
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0 || !*text)
                return r;
        return import_put(c, value, unit_text_value(c->unit, c->row->part, c->row->key, value->at, text));
}

int import_as_values(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind == DOC_TEXT)
                return import_as_value(c, value);
        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a text or a list of texts");
        for (size_t i = 0; i < value->n && r == 0; i++)
                r = import_as_value(c, value->children[i]);
        return r;
}

int import_as_flag(Conversion *c, const Doc *value) {
        bool on;
        int r;

        r = import_bool(c->import, value, &on);
        return r < 0 || !on ? r : put_raw(c, value, "yes");
}

int import_as_plain_words(Conversion *c, const Doc *value) {
        autofree const char **words = NULL;
        autofree char *text = NULL;
        int r;

        r = import_texts(c->import, value, &words);
        if (r < 0 || !words[0])
                return r;

        /* On one line only where no word needs quotes; they seldom do. */
        for (size_t i = 0; words[i]; i++)
                if (!*words[i] || strpbrk(words[i], " \t\n\"'\\%")) {
                        r = 0;
                        for (size_t k = 0; words[k] && r == 0; k++)
                                r = import_put(c, value,
                                               unit_text_plain_word(c->unit, c->row->part, c->row->key,
                                                                    value->at, words[k]));
                        return r;
                }
        text = strv_join((char *const *) words, " ");
        return text ? import_put(c, value,
                                 unit_text_value(c->unit, c->row->part, c->row->key, value->at, text))
                    : -ENOMEM;
}

typedef int (*PutWord)(UnitText *u, UnitPart part, const char *key, Where at, const char *word);

/* NAME=VALUE of a map's member; a null or a bare name in a list means the variable of whoever runs Compose.
 */
static int put_assignment(Conversion *c, const Doc *d, PutWord put) {
        const bool environment = streq(c->row->key, "Environment");
        const char *text = NULL, *name = d->key, *value = d->text;
        autofree char *word = NULL;
        int r;

        if (d->kind != DOC_NULL || !name) {
                r = import_text(c->import, d, &text);
                if (r < 0)
                        return r;
        }
        if (!name) {
                if (strchr(text, '='))
                        return import_put(c, d, put(c->unit, c->row->part, c->row->key, d->at, text));
                name = text;
                value = NULL;
        }
        if (!value && environment) {
                value = strv_env_get(c->import->env, name);
                if (!value)
                        return import_note(c, d, "variable %s is not set here", name);
        }
        if (asprintf(&word, "%s=%s", name, strempty(value)) < 0) {
                word = NULL;
                return -ENOMEM;
        }
        return import_put(c, d, put(c->unit, c->row->part, c->row->key, d->at, word));
}

static int put_assignments(Conversion *c, const Doc *value, PutWord put) {
        int r = 0;

        if (value->kind != DOC_MAP && value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a map or a list of NAME=VALUE");
        for (size_t i = 0; i < value->n && r == 0; i++)
                r = put_assignment(c, value->children[i], put);
        return r;
}

int import_as_assignments(Conversion *c, const Doc *value) {
        return put_assignments(c, value, unit_text_word);
}

int import_as_sysctls(Conversion *c, const Doc *value) {
        return put_assignments(c, value, unit_text_plain_word);
}

int import_as_command(Conversion *c, const Doc *value) {
        autofree const char **texts = NULL;
        autostrv char **words = NULL;
        int r;

        if (value->kind == DOC_TEXT) {
                r = shell_split(value->text, &words);
                if (r == -EINVAL)
                        return import_error(c->import, value, "a quote is not closed in this command line");
        } else {
                r = import_texts(c->import, value, &texts);
                if (r == 0)
                        r = strv_add_all(&words, (char *const *) texts);
        }
        if (r < 0)
                return r;

        /* "No entry point" can be said, "no arguments" is what an entry point alone comes to. */
        if (!words && !streq(c->row->key, "Entrypoint"))
                return 0;
        return import_put(c, value, unit_text_words(c->unit, c->row->part, c->row->key, value->at, words));
}

/* "512M" for what is a whole number of them. */
static int put_bytes(Conversion *c, const Doc *d, uint64_t bytes) {
        static const char units[] = "\0KMGTP";
        size_t i = 0;

        while (i + 1 < sizeof(units) - 1 && bytes > 0 && bytes % 1024 == 0) {
                bytes /= 1024;
                i++;
        }
        return put_raw(c, d, "%" PRIu64 "%.1s", bytes, units + i);
}

int import_as_limit(Conversion *c, const Doc *value) {
        uint64_t bytes;
        int r;

        if (value->kind == DOC_TEXT && streq(value->text, "-1"))
                return 0;
        r = import_size(c->import, value, &bytes);
        return r < 0 || bytes == 0 ? r : put_bytes(c, value, bytes);
}

int import_as_span(Conversion *c, const Doc *value) {
        usec_t t;
        int r;

        r = import_duration(c->import, value, &t);
        if (r < 0)
                return r;
        return t % 1000000 == 0 ? put_raw(c, value, "%" PRIu64 "s", t / 1000000)
                                : put_raw(c, value, "%" PRIu64 "ms", (t + 999) / 1000);
}

int import_as_seconds(Conversion *c, const Doc *value) {
        usec_t t;
        int r;

        r = import_duration(c->import, value, &t);
        return r < 0 ? r : put_raw(c, value, "%" PRIu64, (t + 999999) / 1000000);
}

int import_as_tasks(Conversion *c, const Doc *value) {
        const char *text;
        uint64_t n;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0)
                return r;
        if (streq(text, "-1") || streq(text, "0"))
                return put_raw(c, value, "infinity");
        if (parse_u64(text, &n) < 0)
                return import_error(c->import, value, "\"%s\" is not a number", text);
        return put_raw(c, value, "%" PRIu64, n);
}

int import_as_cpus(Conversion *c, const Doc *value) {
        const char *text;
        char *end;
        double n;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0)
                return r;
        n = strtod(text, &end);
        if (*end || end == text || !(n >= 0 && n < 100000))
                return import_error(c->import, value, "\"%s\" is not a number of processors", text);
        return n > 0 ? put_raw(c, value, "%.10g%%", n * 100) : 0;
}

int import_as_shares(Conversion *c, const Doc *value) {
        uint64_t n, weight;
        const char *text;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0)
                return r;
        if (parse_u64(text, &n) < 0 || n > 262144)
                return import_error(c->import, value, "\"%s\" is not a number of shares", text);
        weight = n * 100 / 1024;
        return n == 0 ? 0 : put_raw(c, value, "%" PRIu64, MIN_OF(MAX_OF(weight, 1), 10000));
}

int import_as_user(Conversion *c, const Doc *value) {
        autofree char *user = NULL;
        const char *text, *colon;
        int r;

        r = import_text(c->import, value, &text);
        if (r < 0 || !*text)
                return r;

        colon = strchrnul(text, ':');
        user = strndup(text, (size_t) (colon - text));
        if (!user)
                return -ENOMEM;
        r = import_put(c, value, unit_text_value(c->unit, PART_OWN, "User", value->at, user));
        if (r == 0 && *colon && colon[1])
                r = import_put(c, value, unit_text_value(c->unit, PART_OWN, "Group", value->at, colon + 1));
        return r;
}

/* What may stand before the value of a security option, and the key that says the same. */
static const struct {
        const char *prefix, *key, *value; /* NULL: what follows the prefix */
} security_options[] = {
        { "no-new-privileges:true", "NoNewPrivileges", "yes" },
        { "no-new-privileges=true", "NoNewPrivileges", "yes" },
        { "no-new-privileges:false", "NoNewPrivileges", "no" },
        { "no-new-privileges=false", "NoNewPrivileges", "no" },
        { "no-new-privileges", "NoNewPrivileges", "yes" },
        { "systempaths=unconfined", "Unmask", "ALL" },
        { "label:disable", "SecurityLabelDisable", "yes" },
        { "label=disable", "SecurityLabelDisable", "yes" },
        { "label:type:", "SecurityLabelType", NULL },
        { "label=type:", "SecurityLabelType", NULL },
        { "label:level:", "SecurityLabelLevel", NULL },
        { "label=level:", "SecurityLabelLevel", NULL },
        { "label:filetype:", "SecurityLabelFileType", NULL },
        { "label=filetype:", "SecurityLabelFileType", NULL },
        { "label:nested", "SecurityLabelNested", "yes" },
        { "label=nested", "SecurityLabelNested", "yes" },
        { "apparmor:", "AppArmor", NULL },
        { "apparmor=", "AppArmor", NULL },
        { "seccomp:", "SeccompProfile", NULL },
        { "seccomp=", "SeccompProfile", NULL },
        { "mask=", "Mask", NULL },
        { "unmask=", "Unmask", NULL },
};

static int put_security(Conversion *c, const Doc *d) {
        const char *text;
        int r;

        r = import_text(c->import, d, &text);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(security_options); i++) {
                const char *rest = startswith(text, security_options[i].prefix),
                           *key = security_options[i].key;
                const char *value = security_options[i].value;
                autofree char *path = NULL;

                if (!rest || (value && *rest) || (!value && !*rest))
                        continue;
                if (!value && streq(key, "SeccompProfile") && !streq(rest, "unconfined")) {
                        r = import_path(c->import, rest, &path);
                        if (r < 0)
                                return r;
                        rest = path;
                }
                return import_put(c, d, unit_text_value(c->unit, PART_OWN, key, d->at, value ? value : rest));
        }
        return import_note(c, d, "there is no key for it");
}

int import_as_security(Conversion *c, const Doc *value) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++)
                r = put_security(c, value->children[i]);
        return r;
}

int import_as_privileged(Conversion *c, const Doc *value) {
        static const char *const lines[][2] = { { "AddCapability", "ALL" },
                                                { "SeccompProfile", "unconfined" },
                                                { "Unmask", "ALL" } };
        bool on;
        int r;

        r = import_bool(c->import, value, &on);
        for (size_t i = 0; i < ELEMENTSOF(lines) && r == 0 && on; i++)
                r = unit_text_raw(c->unit, PART_OWN, lines[i][0], value->at, lines[i][1]);
        return r < 0 || !on ? r : import_note(c, value, "devices of the host are left out; see AddDevice=");
}

/* The reader takes an array of JSON for a command without a shell. */
static int put_health_words(Conversion *c, const Doc *test, const char *const *words) {
        json_t *array = json_array();
        autofree char *text = NULL;
        int r = array ? 0 : -ENOMEM;

        for (size_t i = 0; r == 0 && words[i]; i++)
                r = json_array_append_new(array, json_string(words[i])) < 0 ? -ENOMEM : 0;
        if (r == 0)
                text = json_dumps(array, JSON_COMPACT);
        json_decref(array);
        return text ? import_put(c, test, unit_text_value(c->unit, PART_OWN, "HealthCmd", test->at, text))
                    : -ENOMEM;
}

static int put_health_line(Conversion *c, const Doc *test, const char *line) {
        const char *shell[] = { "/bin/sh", "-c", line, NULL };

        return strchr(line, '\n')
                       ? put_health_words(c, test, shell)
                       : import_put(c, test, unit_text_value(c->unit, PART_OWN, "HealthCmd", test->at, line));
}

int import_health_command(Conversion *c, const Doc *test) {
        autofree const char **words = NULL;
        int r;

        if (test->kind == DOC_TEXT)
                return put_health_line(c, test, test->text);
        r = import_texts(c->import, test, &words);
        if (r < 0 || !words[0])
                return r;

        if (streq(words[0], "NONE"))
                return unit_text_raw(c->unit, PART_OWN, "HealthCmd", test->at, "none");
        if (streq(words[0], "CMD") && words[1])
                return put_health_words(c, test, words + 1);
        if (streq(words[0], "CMD-SHELL") && words[1] && !words[2])
                return put_health_line(c, test, words[1]);
        return import_error(c->import, test, "the first word is \"CMD\", \"CMD-SHELL\" or \"NONE\"");
}

/* A gateway belongs to the subnet of its position, a range too. Returns where in the order @d stands. */
static unsigned subnet_rank(const Doc *d, const char *const members[3]) {
        return (doc_text(d, members[1]) ? 0 : 2) + (doc_text(d, members[2]) ? 0 : 1);
}

int import_subnets(Conversion *c, const Doc *list, const char *const members[3]) {
        static const char *const keys[] = { "Subnet", "Gateway", "IPRange" };
        bool gateway_alone = false;
        int r = 0;

        if (list->kind != DOC_LIST)
                return import_wrong_kind(c->import, list, "a list");
        for (size_t i = 0; i < list->n; i++)
                gateway_alone = gateway_alone || subnet_rank(list->children[i], members) == 1;

        for (size_t k = 0; k < 3; k++)
                for (unsigned rank = 0; rank < 4; rank++)
                        for (size_t i = 0; i < list->n && r == 0; i++) {
                                const Doc *d = list->children[i];
                                const char *text = doc_text(d, members[k]);

                                if (!text || !*text || subnet_rank(d, members) != rank)
                                        continue;
                                r = k == 2 && rank == 2 && gateway_alone
                                            ? import_note(c, doc_find(d, members[2]),
                                                          "a range without a gateway, beside a subnet that "
                                                          "has one")
                                            : import_put(c, d,
                                                         unit_text_value(c->unit, PART_OWN, keys[k], d->at,
                                                                         text));
                        }
        return r;
}

/* Docker tries again for ever, after 100 ms that double up to a minute, where systemd gives up after five
 * starts in ten seconds. */
static int put_backoff(Conversion *c, const Doc *d) {
        static const struct {
                UnitPart part;
                const char *key, *value;
        } lines[] = {
                { PART_UNIT, "StartLimitIntervalSec", "0" },
                { PART_SERVICE, "RestartSec", "100ms" },
                { PART_SERVICE, "RestartSteps", "9" },
                { PART_SERVICE, "RestartMaxDelaySec", "1min" },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(lines) && r == 0; i++)
                r = unit_text_raw(c->unit, lines[i].part, lines[i].key, d->at, lines[i].value);
        return r;
}

/* A container that ran for ten seconds has its failures forgotten: as many starts as are allowed fit into
 * this time. */
static int put_retries(Conversion *c, const Doc *d, unsigned retries) {
        autofree char *burst = NULL, *interval = NULL;
        const uint64_t starts = (uint64_t) retries + 1;
        int r;

        if (asprintf(&burst, "%" PRIu64, starts) < 0) {
                burst = NULL;
                return -ENOMEM;
        }
        if (asprintf(&interval, "%" PRIu64 "s", starts * 10) < 0) {
                interval = NULL;
                return -ENOMEM;
        }
        r = unit_text_raw(c->unit, PART_UNIT, "StartLimitBurst", d->at, burst);
        return r < 0 ? r : unit_text_raw(c->unit, PART_UNIT, "StartLimitIntervalSec", d->at, interval);
}

int import_restart(Conversion *c, const Doc *d, const char *name, unsigned retries) {
        const bool boot = streq(name, "always") || streq(name, "unless-stopped");
        int r;

        if (!*name || streq(name, "no") || streq(name, "none") || streq(name, "false"))
                return 0;
        if (!boot && !streq(name, "on-failure"))
                return import_error(c->import, d,
                                    "\"%s\" is none of no, always, on-failure and unless-stopped", name);

        r = unit_text_raw(c->unit, PART_SERVICE, "Restart", d->at, boot ? "always" : "on-failure");
        if (r == 0)
                r = retries > 0 ? put_retries(c, d, retries) : put_backoff(c, d);
        if (r == 0 && boot)
                r = unit_text_raw(c->unit, PART_INSTALL, "WantedBy", d->at, "multi-user.target");
        if (r == 0 && streq(name, "unless-stopped"))
                r = import_note(c, d,
                                "a unit that was stopped is started again at boot; "
                                "`nsctl disable` keeps it from that");
        return r;
}
