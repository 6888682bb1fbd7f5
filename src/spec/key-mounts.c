/* Key types of what is mounted inside the container: Volume=, Tmpfs=, Mount=. */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-types.h"
#include "spec/mount-option.h"

static void mount_done(MountSpec *m) {
        free(m->source);
        free(m->destination);
}

/* What no option has changed. */
static MountSpec mount_default(MountKind kind, Where at) {
        return (MountSpec){
                .kind = kind,
                .no_exec = kind == MOUNT_TMPFS,
                .no_suid = kind == MOUNT_TMPFS,
                .no_dev = kind == MOUNT_TMPFS || kind == MOUNT_VOLUME,
                .recursive = kind == MOUNT_BIND,
                .idmap = kind != MOUNT_TMPFS,
                .copy = kind == MOUNT_VOLUME,
                .propagation = MS_PRIVATE | MS_REC,
                .at = at,
        };
}

/* Takes over what @m owns, also on failure. Two mounts on one place: the later line wins, as a drop-in means
 * it. */
static int mount_add(MountList *list, MountSpec *m) {
        MountSpec *item = NULL;

        for (size_t i = 0; i < list->n; i++)
                if (streq(list->items[i].destination, m->destination)) {
                        item = &list->items[i];
                        mount_done(item);
                }
        if (!item)
                item = LIST_ADD(list);
        if (!item) {
                mount_done(m);
                return -ENOMEM;
        }

        *item = *m;
        return 0;
}

static int set_destination(const KeyInput *in, const char *text, Where at, MountSpec *m) {
        int r;

        free(take_ptr(m->destination));
        r = key_container_path(in, text, at, &m->destination);
        if (r == 0 && streq(m->destination, "/"))
                r = diag_error(in->diag, at, -EINVAL, "%s=: nothing can be mounted on \"/\"", in->key);
        return r;
}

/* A name as Podman allows it for volumes, or the name of a .volume unit. */
static int bad_source(const KeyInput *in, const char *name, Where at) {
        (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is neither a path nor the name of a volume",
                          in->key, name);
        if (strchr(name, '$'))
                diag_hint(in->diag, "variables are not expanded here");
        else if (strchr(name, '/'))
                diag_hint(in->diag, "a path begins with \"/\", or with \"./\" for the unit file's directory");
        return -EINVAL;
}

static int set_volume_name(const KeyInput *in, const char *name, Where at, MountSpec *m) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
        bool unit = unit_name_kind(name) == UNIT_VOLUME;

        if (unit ? !unit_name_valid(name) : name[strspn(name, allowed)] || strchr(".-", name[0]))
                return bad_source(in, name, at);

        free(m->source);
        m->source = strdup(name);
        return m->source ? key_fill_instance(in, &m->source) : -ENOMEM;
}

/* SRC of SRC:DST: a path or a name. */
static int set_volume_source(const KeyInput *in, const char *text, Where at, MountSpec *m) {
        if (text[0] == '/' || text[0] == '.') {
                *m = mount_default(MOUNT_BIND, at);
                return key_host_path(in, text, at, "source", &m->source);
        }
        return *text ? set_volume_name(in, text, at, m) : 0;
}

static int volume_fill(const KeyInput *in, char *text, Where at, MountSpec *m) {
        char *first = text, *second = NULL, *options = NULL;
        int r;

        strsep(&text, ":");
        if (text)
                second = strsep(&text, ":");
        options = text;

        *m = mount_default(MOUNT_VOLUME, at);
        if (!second)
                return set_destination(in, first, at, m);

        r = set_volume_source(in, first, at, m);
        if (r == 0)
                r = set_destination(in, second, where_advance(at, (size_t) (second - first)), m);
        if (r == 0 && options)
                r = mount_option_apply_all(in, options, where_advance(at, (size_t) (options - first)), m);
        return r;
}

int key_volumes_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        MountSpec m = {};
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        r = volume_fill(in, text, at, &m);
        if (r < 0) {
                mount_done(&m);
                return r;
        }
        return mount_add(field, &m);
}

int key_tmpfses_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char *options;
        MountSpec m;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        m = mount_default(MOUNT_TMPFS, at);
        options = text;
        strsep(&options, ":");
        r = set_destination(in, text, at, &m);
        if (r == 0 && options)
                r = mount_option_apply_all(in, options, where_advance(at, (size_t) (options - text)), &m);
        if (r < 0) {
                mount_done(&m);
                return r;
        }
        return mount_add(field, &m);
}

/* "type=" decides what the other options mean, wherever it stands. */
static int mount_kind_of(const KeyInput *in, const Word *word, MountKind *ret) {
        static const char *const words[] = { "bind", "volume", "tmpfs", NULL };
        static const char *const later[] = { "image", "artifact", "glob", "devpts", "ramfs", NULL };
        autostrv char **options = NULL;
        const char *type = NULL;
        int r;

        r = strv_split(word->text, ",", &options);
        if (r < 0)
                return r;
        STRV_FOREACH (o, options)
                if (startswith(*o, "type="))
                        type = *o + strlen("type=");

        if (!type)
                return diag_error(in->diag, word->at, -EINVAL,
                                  "%s=: type= is missing (bind, volume or tmpfs)", in->key);
        *ret = mount_kind_from_string(type);
        if (*ret >= 0)
                return 0;
        if (strv_contains((char **) later, type))
                return diag_error(in->diag, word->at, -EINVAL, "%s=: type=%s is not supported yet", in->key,
                                  type);
        return key_bad_word(in, type, word->at, "type is bind, volume or tmpfs", words);
}

static int mount_apply(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        Where value_at = where_advance(at, strlen(name) + 1);

        if (streq(name, "type"))
                return 0;
        if (streq(name, "destination") || streq(name, "dst") || streq(name, "target"))
                return set_destination(in, strempty(value), value_at, m);
        if (!streq(name, "source") && !streq(name, "src"))
                return mount_option_apply(in, name, value, at, m);

        if (m->kind == MOUNT_TMPFS)
                return diag_error(in->diag, at, -EINVAL, "%s=: a tmpfs mount has no source", in->key);
        if (m->kind == MOUNT_VOLUME)
                return set_volume_name(in, strempty(value), value_at, m);
        if (!value || (value[0] != '/' && value[0] != '.'))
                return diag_error(in->diag, value_at, -EINVAL,
                                  "%s=: the source of a bind mount is a path that "
                                  "begins with / or with .",
                                  in->key);
        free(take_ptr(m->source));
        return key_host_path(in, value, value_at, "source", &m->source);
}

/* Podman reads the list as a line of CSV, where quotes may stand around a whole option. */
static char *drop_quotes(char *option) {
        size_t n = strlen(option);

        if (n < 2 || option[0] != '"' || option[n - 1] != '"')
                return option;
        option[n - 1] = '\0';
        return option + 1;
}

static int mount_fill(const KeyInput *in, const Word *word, MountSpec *m) {
        char *option, *rest = word->text;
        MountKind kind = MOUNT_BIND;
        int r;

        r = mount_kind_of(in, word, &kind);
        if (r < 0)
                return r;

        *m = mount_default(kind, word->at);
        while ((option = strsep(&rest, ","))) {
                Where at = where_advance(word->at, (size_t) (option - word->text) + word->quoted);
                char *equals;

                option = drop_quotes(option);
                equals = strchr(option, '=');
                if (equals)
                        *equals++ = '\0';
                r = *option ? mount_apply(in, option, equals, at, m) : 0;
                if (r < 0)
                        return r;
        }

        if (!m->destination)
                return diag_error(in->diag, word->at, -EINVAL, "%s=: destination= is missing", in->key);
        if (kind == MOUNT_BIND && !m->source)
                return diag_error(in->diag, word->at, -EINVAL, "%s=: source= is missing", in->key);
        return 0;
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
                        mount_done(&m);
                        return r;
                }
                r = mount_add(field, &m);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

/* The options that differ from the default, each after a comma. */
static void write_options(FILE *f, const MountSpec *m, const char *separator) {
        const MountSpec d = mount_default(m->kind, m->at);
        const char *before = separator;

#define OPTION(condition, ...)                   \
        do                                       \
                if (condition) {                 \
                        fputs(before, f);        \
                        fprintf(f, __VA_ARGS__); \
                        before = ",";            \
                }                                \
        while (0)
        OPTION(m->read_only, "ro");
        OPTION(m->no_exec != d.no_exec, m->no_exec ? "noexec" : "exec");
        OPTION(m->no_suid != d.no_suid, m->no_suid ? "nosuid" : "suid");
        OPTION(m->no_dev != d.no_dev, m->no_dev ? "nodev" : "dev");
        OPTION(m->recursive != d.recursive, "bind-nonrecursive");
        OPTION(m->idmap != d.idmap, "idmap=no");
        OPTION(m->chown, "U");
        OPTION(m->shared, "z");
        OPTION(m->copy != d.copy, "nocopy");
        OPTION(m->size > 0, "size=%llu", (unsigned long long) m->size);
        OPTION(m->mode > 0, "mode=%o", m->mode);
        OPTION(m->propagation != d.propagation, "%s%s", m->propagation & MS_REC ? "r" : "",
               m->propagation & MS_SHARED       ? "shared"
               : m->propagation & MS_SLAVE      ? "slave"
               : m->propagation & MS_UNBINDABLE ? "unbindable"
                                                : "private");
#undef OPTION
}

static char *format_mounts(const MountList *list, bool long_form) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;

        for (size_t i = 0; i < list->n; i++) {
                const MountSpec *m = &list->items[i];

                fputs(i == 0 ? "" : " ", f);
                if (long_form)
                        fprintf(f, "type=%s%s%s,destination=%s", mount_kind_to_string(m->kind),
                                m->source ? ",source=" : "", strempty(m->source), m->destination);
                else
                        fprintf(f, "%s%s%s", strempty(m->source), m->source ? ":" : "", m->destination);
                write_options(f, m, long_form ? "," : ":");
        }

        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

char *key_volumes_format(const void *field) {
        return format_mounts(field, false);
}

char *key_tmpfses_format(const void *field) {
        return format_mounts(field, false);
}

char *key_mounts_format(const void *field) {
        return format_mounts(field, true);
}

void key_volumes_clear(void *field) {
        MountList *list = field;

        for (size_t i = 0; i < list->n; i++)
                mount_done(&list->items[i]);
        free(list->items);
        *list = (MountList){};
}

void key_tmpfses_clear(void *field) {
        key_volumes_clear(field);
}

void key_mounts_clear(void *field) {
        key_volumes_clear(field);
}
