/* Key type of Secret=: "NAME[,type=mount|env][,target=...][,uid=,gid=,mode=]". */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

#define SECRET_DIRECTORY "/run/secrets"
#define SECRET_MODE      0444

static void secret_done(SecretSpec *s) {
        free(s->name);
        free(s->target);
}

static bool is_variable(const char *name) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

        return *name && !strchr("0123456789", *name) && !name[strspn(name, letters)];
}

static int set_number(const KeyInput *in, const KeyOption *o, SecretSpec *s) {
        const char *value = strempty(o->value);
        bool mode = streq(o->name, "mode");
        int r;

        r = mode ? parse_mode(value, &s->mode)
                 : parse_u32_range(value, 0, UINT32_MAX - 1, streq(o->name, "uid") ? &s->uid : &s->gid);
        if (r < 0)
                return diag_error(in->diag, o->value_at, -EINVAL, "%s=: %s=\"%s\" is not %s", in->key,
                                  o->name, value, mode ? "an octal mode" : "an id");
        return 0;
}

static int apply(const KeyInput *in, const KeyOption *o, SecretSpec *s) {
        static const char *const names[] = { "type", "target", "uid", "gid", "mode", NULL };
        static const char *const types[] = { "mount", "env", NULL };
        const char *value = strempty(o->value);

        if (!strv_contains((char **) names, o->name))
                return key_bad_option(in, o, names);
        if (streq(o->name, "type")) {
                if (!strv_contains((char **) types, value))
                        return key_bad_word(in, value, o->value_at, "type is mount or env", types);
                s->in_environment = streq(value, "env");
                return 0;
        }
        if (!streq(o->name, "target"))
                return set_number(in, o, s);

        free(s->target);
        s->target = strdup(value);
        return s->target ? 0 : -ENOMEM;
}

/* A file's target begins in the directory of secrets, and what is not said is the secret's name. */
static int finish(const KeyInput *in, Where target_at, SecretSpec *s) {
        autofree char *target = take_ptr(s->target);
        autofree char *path = NULL;

        if (!target)
                target = strdup(s->name);
        if (!target)
                return -ENOMEM;
        if (s->in_environment) {
                if (!is_variable(target))
                        return diag_error(in->diag, target_at, -EINVAL,
                                          "%s=: \"%s\" is not the name of a variable", in->key, target);
                s->target = take_ptr(target);
                return 0;
        }

        if (asprintf(&path, "%s%s", target[0] == '/' ? "" : SECRET_DIRECTORY "/", target) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return key_container_path(in, path, target_at, &s->target);
}

static int secret_fill(const KeyInput *in, char *text, Where at, SecretSpec *s) {
        char *rest = text, *start;
        Where target_at = at;
        KeyOption o;
        int r = 0;

        *s = (SecretSpec){ .mode = SECRET_MODE, .at = at };
        strsep(&rest, ",");
        start = rest;
        if (!*text || strchr(text, '=') || strchr(text, '/'))
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of a secret", in->key,
                                  text);
        s->name = strdup(text);
        if (!s->name)
                return -ENOMEM;

        while (r == 0 && key_next_option(&rest, start, where_advance(at, (size_t) (start - text)), ',', &o)) {
                r = apply(in, &o, s);
                if (streq(o.name, "target"))
                        target_at = o.value_at;
        }
        return r < 0 ? r : finish(in, target_at, s);
}

int key_secrets_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                SecretSpec s = {}, *item;
                int r;

                r = secret_fill(in, words[i].text, words[i].at, &s);
                item = r == 0 ? LIST_ADD((SecretList *) field) : NULL;
                if (!item) {
                        secret_done(&s);
                        return r < 0 ? r : -ENOMEM;
                }
                *item = s;
        }
        return n < 0 ? n : 0;
}

char *key_secrets_format(const void *field) {
        const SecretList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const SecretSpec *s = &list->items[i];
                char owner[64] = "";

                if (!s->in_environment && (s->uid > 0 || s->gid > 0 || s->mode != SECRET_MODE))
                        (void) snprintf(owner, sizeof(owner), ",uid=%u,gid=%u,mode=%o", s->uid, s->gid,
                                        s->mode);
                r = strv_addf(&words, "%s,type=%s,target=%s%s", s->name, s->in_environment ? "env" : "mount",
                              s->target, owner);
        }
        return key_join_take(words, r);
}

void key_secrets_clear(void *field) {
        SecretList *list = field;

        for (size_t i = 0; i < list->n; i++)
                secret_done(&list->items[i]);
        free(list->items);
        *list = (SecretList){};
}
