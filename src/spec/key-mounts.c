/* Key type of Mount=: "type=KIND,OPTION[=VALUE],..." */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-mount.h"
#include "spec/mount-option.h"

/* The quote that closes the one at the start of an option: a comma or nothing comes behind it. */
static char *closing_quote(char *option) {
        for (char *p = option + 1; (p = strchr(p, '"')); p++)
                if (p[1] == ',' || !p[1])
                        return p;
        return NULL;
}

/* Podman reads the list as a line of CSV: quotes around a whole option hold it together. */
static bool next_option(char **rest, Word *ret) {
        char *option = *rest, *quote, *comma;

        if (!option)
                return false;
        quote = option[0] == '"' ? closing_quote(option) : NULL;
        comma = quote ? quote + (quote[1] == ',') : strchr(option, ',');
        *rest = comma && (!quote || comma > quote) ? comma + 1 : NULL;
        if (quote || comma)
                *(quote ? quote : comma) = '\0';
        ret->quoted = quote != NULL;
        ret->text = option + ret->quoted;
        return true;
}

/* "type=" decides what the other options mean, wherever it stands. */
static int kind_of(const KeyInput *in, const Word *word, MountKind *ret) {
#define WORD_(id, word) word,
        static const char *const words[] = { MOUNT_KIND_LIST(WORD_) NULL };
#undef WORD_
        autofree char *copy = strdup(word->text);
        autofree char *type = NULL;
        char *rest = copy;
        Word option;

        if (!copy)
                return -ENOMEM;
        while (next_option(&rest, &option)) {
                const char *value = startswith(option.text, "type=");

                if (!value)
                        continue;
                free(type);
                type = strdup(value);
                if (!type)
                        return -ENOMEM;
        }

        if (!type)
                return diag_error(in->diag, word->at, -EINVAL,
                                  "%s=: type= is missing (bind, volume, tmpfs ...)", in->key);
        *ret = mount_kind_from_string(type);
        return *ret >= 0 ? 0 : key_bad_word(in, type, word->at, ENUM_SYNTAX(MOUNT_KIND_LIST), words);
}

/* An image or an artifact by its name, or the unit that has it. */
static int set_reference(const KeyInput *in, const char *value, Where at, MountSpec *m) {
        if (!*value || strpbrk(value, " \t"))
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not the name of an %s", in->key,
                                  value, mount_kind_to_string(m->kind));
        free(m->source);
        m->source = strdup(value);
        return m->source ? 0 : -ENOMEM;
}

static int set_source(const KeyInput *in, const char *value, Where at, Where value_at, MountSpec *m) {
        switch (m->kind) {
        case MOUNT_VOLUME:
                return key_mount_set_volume(in, value, value_at, m);
        case MOUNT_IMAGE:
        case MOUNT_ARTIFACT:
                return set_reference(in, value, value_at, m);
        case MOUNT_BIND:
        case MOUNT_GLOB:
                if (value[0] != '/' && value[0] != '.')
                        return diag_error(
                                in->diag, value_at, -EINVAL,
                                "%s=: the source of a %s mount is a path that begins with / or with .",
                                in->key, mount_kind_to_string(m->kind));
                free(take_ptr(m->source));
                return key_host_path(in, value, value_at, "source", &m->source);
        case MOUNT_TMPFS:
        case MOUNT_DEVPTS:
        case MOUNT_RAMFS:
        case MOUNT_KIND_N_:
        case MOUNT_KIND_INVALID_:
                break;
        }
        return diag_error(in->diag, at, -EINVAL, "%s=: a %s mount has no source", in->key,
                          mount_kind_to_string(m->kind));
}

static int apply(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        Where value_at = where_advance(at, strlen(name) + 1);

        if (streq(name, "type"))
                return 0;
        if (streq(name, "destination") || streq(name, "dst") || streq(name, "target"))
                return key_mount_set_destination(in, strempty(value), value_at, m);
        if (streq(name, "source") || streq(name, "src"))
                return set_source(in, strempty(value), at, value_at, m);
        return mount_option_apply(in, name, value, at, m);
}

/* Files that a pattern finds keep their places, unless a directory for them is named. */
static int complete_glob(MountSpec *m) {
        char *wild, *slash;

        m->destination = strdup(m->source);
        if (!m->destination)
                return -ENOMEM;
        wild = strpbrk(m->destination, "*?[");
        if (wild)
                *wild = '\0';
        slash = strrchr(m->destination, '/');
        slash[slash == m->destination] = '\0';
        return 0;
}

/* What a mount of this kind cannot do without. */
static int complete(const KeyInput *in, Where at, MountSpec *m) {
        bool sourced = m->kind == MOUNT_BIND || m->kind == MOUNT_GLOB || m->kind == MOUNT_IMAGE ||
                       m->kind == MOUNT_ARTIFACT;

        if (sourced && !m->source)
                return diag_error(in->diag, at, -EINVAL, "%s=: source= is missing", in->key);
        if (m->kind == MOUNT_GLOB && !m->destination)
                return complete_glob(m);
        if (!m->destination)
                return diag_error(in->diag, at, -EINVAL, "%s=: destination= is missing", in->key);
        return 0;
}

static int mount_fill(const KeyInput *in, const Word *word, MountSpec *m) {
        char *rest = word->text;
        MountKind kind = MOUNT_BIND;
        Word option;
        int r;

        r = kind_of(in, word, &kind);
        if (r < 0)
                return r;

        *m = key_mount_default(kind, "Mount", word->at);
        while (next_option(&rest, &option)) {
                Where at = where_advance(word->at, (size_t) (option.text - word->text) + word->quoted);
                char *equals = strchr(option.text, '=');

                if (equals)
                        *equals++ = '\0';
                r = *option.text ? apply(in, option.text, equals, at, m) : 0;
                if (r < 0)
                        return r;
        }
        return complete(in, word->at, m);
}

int key_mounts_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                MountSpec m = {};
                int r;

                r = mount_fill(in, &words[i], &m);
                if (r < 0) {
                        mount_spec_done(&m);
                        return r;
                }
                r = key_mount_add(field, &m);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

char *key_mounts_format(const void *field) {
        return key_mount_format(field, true);
}

void key_mounts_clear(void *field) {
        key_volumes_clear(field);
}
