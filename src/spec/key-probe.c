/* Key type of Probe=: how the manager itself looks whether a container does its work. */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

ENUM_DEFINE(ProbeKind, probe_kind, PROBE, PROBE_LIST)

/* "[HOST]:PORT" */
static int set_address(const KeyInput *in, char *text, Where at, ProbeChoice *p) {
        char *colon = strrchr(text, ':');
        uint32_t port;

        if (!colon || parse_u32_range(colon + 1, 1, UINT16_MAX, &port) < 0)
                return diag_error(in->diag, colon ? where_advance(at, (size_t) (colon + 1 - text)) : at,
                                  -EINVAL, "%s=: \"%s\" does not end in a port number", in->key, text);
        *colon = '\0';
        p->port = (uint16_t) port;
        if (!*text)
                return 0;
        if (text[strcspn(text, " \t/@")])
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of a host", in->key,
                                  text);
        p->host = strdup(text);
        return p->host ? 0 : -ENOMEM;
}

static int set_url(const KeyInput *in, char *text, Where at, ProbeChoice *p) {
        char *slash = strchr(text, '/');

        p->path = strdup(slash ? slash : "/");
        if (!p->path)
                return -ENOMEM;
        if (slash)
                *slash = '\0';
        return set_address(in, text, at, p);
}

static int set_command(const KeyInput *in, const char *text, Where at, ProbeChoice *p) {
        int r;

        r = words_split_strv(text, at, WORDS_QUOTES | WORDS_ESCAPES, in->diag, &p->argv);
        if (r >= 0 && !p->argv)
                return diag_error(in->diag, at, -EINVAL, "%s=: there is no command in it", in->key);
        return r < 0 ? r : 0;
}

static int fill(const KeyInput *in, char *text, Where at, ProbeChoice *p) {
        static const char *const words[] = { "tcp", "http", "unix", "exec", NULL };
        char *rest = text;
        const char *scheme = strsep(&rest, ":");

        p->kind = rest ? probe_kind_from_string(scheme) : PROBE_INVALID_;
        if (p->kind < 0 || p->kind == PROBE_NONE)
                return key_bad_word(in, scheme, at, key_type_probe.syntax, words);

        if (startswith(rest, "//") && p->kind != PROBE_EXEC)
                rest += 2;
        else if (p->kind == PROBE_TCP || p->kind == PROBE_HTTP)
                return key_bad_form(in, scheme, at, -EINVAL, key_type_probe.syntax);
        at = where_advance(at, (size_t) (rest - text));

        switch (p->kind) {
        case PROBE_TCP:
                return set_address(in, rest, at, p);
        case PROBE_HTTP:
                return set_url(in, rest, at, p);
        case PROBE_UNIX:
                return key_container_path(in, rest, at, &p->path);
        case PROBE_EXEC:
                return set_command(in, rest, at, p);
        case PROBE_NONE:
        case PROBE_N_:
        case PROBE_INVALID_:
                break;
        }
        return -EINVAL;
}

int key_probe_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        ProbeChoice p = {};
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        r = fill(in, text, at, &p);
        if (r < 0) {
                p.kind = PROBE_NONE;
                key_probe_clear(&p);
                return r;
        }
        key_probe_clear(field);
        *(ProbeChoice *) field = p;
        return 0;
}

char *key_probe_format(const void *field) {
        const ProbeChoice *p = field;
        const char *kind = probe_kind_to_string(p->kind);
        autofree char *command = NULL;
        char *text;
        int r = -1;

        switch (p->kind) {
        case PROBE_TCP:
        case PROBE_HTTP:
                r = asprintf(&text, "%s://%s:%u%s", kind, strempty(p->host), p->port, strempty(p->path));
                break;
        case PROBE_UNIX:
                r = asprintf(&text, "%s:%s", kind, p->path);
                break;
        case PROBE_EXEC:
                command = words_join(p->argv);
                r = command ? asprintf(&text, "%s:%s", kind, command) : -1;
                break;
        case PROBE_NONE:
        case PROBE_N_:
        case PROBE_INVALID_:
                return strdup("");
        }
        return r < 0 ? NULL : text;
}

void key_probe_clear(void *field) {
        probe_choice_clear(field);
}

void probe_choice_clear(ProbeChoice *p) {
        free(p->host);
        free(p->path);
        strv_free(p->argv);
        *p = (ProbeChoice){};
}

static int copy_text(const char *from, char **to) {
        *to = from ? strdup(from) : NULL;
        return from && !*to ? -ENOMEM : 0;
}

int probe_choice_copy(const ProbeChoice *from, ProbeChoice *to) {
        int r;

        *to = (ProbeChoice){ .kind = from->kind, .port = from->port };
        r = copy_text(from->host, &to->host);
        if (r == 0)
                r = copy_text(from->path, &to->path);
        return r < 0 ? r : strv_copy(from->argv, &to->argv);
}
