/* Options of a mount: one table of the switches, and those that have values. */
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-id-map.h"
#include "spec/key-input.h"
#include "spec/key-mount.h"
#include "spec/mount-option.h"

#define ON(kind)  (1U << MOUNT_##kind)
#define ON_FILES  (ON(BIND) | ON(VOLUME) | ON(GLOB))
#define ON_MEMORY (ON(TMPFS) | ON(RAMFS))
#define ON_DATA   (ON_FILES | ON(IMAGE) | ON(ARTIFACT))
#define ON_ALL    (ON_DATA | ON_MEMORY | ON(DEVPTS))

typedef struct Switch {
        const char *name;
        unsigned kinds;
        size_t offset; /* of the bool in MountSpec */
        bool value;    /* what the bare name sets; "name=no" sets the opposite */
} Switch;

#define SWITCH(name, kinds, field, value) \
        { name, kinds, offsetof(MountSpec, field), value }

static const Switch switches[] = {
        SWITCH("ro", ON_ALL, read_only, true),
        SWITCH("readonly", ON_ALL, read_only, true),
        SWITCH("rw", ON_ALL, read_only, false),
        SWITCH("exec", ON_ALL, no_exec, false),
        SWITCH("noexec", ON_ALL, no_exec, true),
        SWITCH("suid", ON_ALL, no_suid, false),
        SWITCH("nosuid", ON_ALL, no_suid, true),
        SWITCH("dev", ON_ALL, no_dev, false),
        SWITCH("nodev", ON_ALL, no_dev, true),
        SWITCH("bind", ON(BIND) | ON(GLOB), recursive, false),
        SWITCH("rbind", ON(BIND) | ON(GLOB), recursive, true),
        SWITCH("bind-nonrecursive", ON(BIND) | ON(GLOB), recursive, false),
        SWITCH("no-dereference", ON(BIND) | ON(GLOB), no_dereference, true),
        SWITCH("idmap", ON_FILES, idmap, true),
        SWITCH("U", ON_FILES | ON_MEMORY, chown, true),
        SWITCH("chown", ON_FILES | ON_MEMORY, chown, true),
        SWITCH("O", ON_FILES, overlay, true),
        SWITCH("copy", ON(VOLUME), copy, true),
        SWITCH("nocopy", ON(VOLUME), copy, false),
        SWITCH("tmpcopyup", ON(TMPFS), copy_up, true),
        SWITCH("notmpcopyup", ON(TMPFS), copy_up, false),
        SWITCH("noswap", ON_MEMORY, no_swap, true),
        SWITCH("z", ON_DATA | ON_MEMORY, shared, true),
        SWITCH("Z", ON_DATA | ON_MEMORY, own_label, true),
};

typedef struct Propagation {
        const char *name;
        unsigned long flag;
        bool recursive;
} Propagation;

static const Propagation propagations[] = {
        { "private", MS_PRIVATE, false },       { "rprivate", MS_PRIVATE, true },
        { "slave", MS_SLAVE, false },           { "rslave", MS_SLAVE, true },
        { "shared", MS_SHARED, false },         { "rshared", MS_SHARED, true },
        { "unbindable", MS_UNBINDABLE, false }, { "runbindable", MS_UNBINDABLE, true },
};

/* Hints of Docker Desktop, and of no consequence here. */
static const char *const ignored[] = { "consistency", "cached", "delegated", NULL };

static int wrong_kind(const KeyInput *in, const char *name, Where at, const MountSpec *m) {
        return diag_error(in->diag, at, -EINVAL, "%s=: option \"%s\" does not go with a %s mount", in->key,
                          name, mount_kind_to_string(m->kind));
}

/* "uids=0-1000-1#1-2000-10;gids=..." */
static int apply_id_map(const KeyInput *in, const char *value, Where at, MountSpec *m) {
        autofree char *copy = strdup(value);
        char *rest = copy;
        KeyOption o;

        if (!copy)
                return -ENOMEM;
        while (key_next_option(&rest, copy, at, ';', &o)) {
                static const char *const names[] = { "uids", "gids", NULL };
                char *lines = o.value, *line;

                if (!strv_contains((char **) names, o.name))
                        return key_bad_option(in, &o, names);
                while (lines && (line = strsep(&lines, "#"))) {
                        int r = key_id_map_add(in, line, where_advance(o.value_at, (size_t) (line - o.value)),
                                               '-', streq(o.name, "uids") ? &m->uid_map : &m->gid_map);

                        if (r < 0)
                                return r;
                }
        }
        m->idmap = true;
        return 0;
}

static int apply_switch(const KeyInput *in, const Switch *s, const char *value, Where at, MountSpec *m) {
        bool on = true;

        if (!(s->kinds & 1U << m->kind))
                return wrong_kind(in, s->name, at, m);
        if (value && streq(s->name, "idmap") && strchr(value, '='))
                return apply_id_map(in, value, where_advance(at, strlen("idmap=")), m);
        if (value && parse_bool(value, &on) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: option %s=%s is not yes or no", in->key,
                                  s->name, value);

        *(bool *) ((char *) m + s->offset) = on == s->value;
        return 0;
}

static int apply_propagation(const KeyInput *in, const char *word, Where at, MountSpec *m) {
        for (size_t i = 0; i < ELEMENTSOF(propagations); i++)
                if (streq(propagations[i].name, word)) {
                        if (!(ON_FILES & 1U << m->kind))
                                return wrong_kind(in, word, at, m);
                        m->propagation = propagations[i].flag | (propagations[i].recursive ? MS_REC : 0);
                        return 0;
                }
        return -ENOENT;
}

typedef int (*ApplyFn)(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m);

static int apply_bind_propagation(const KeyInput *in, const char *name, const char *value, Where at,
                                  MountSpec *m) {
        int r = apply_propagation(in, value, at, m);

        (void) name;
        return r == -ENOENT
                       ? diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a propagation", in->key, value)
                       : r;
}

static int apply_size(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        (void) name;
        if (endswith(value, "%"))
                return diag_error(in->diag, at, -EINVAL, "%s=: a size in percent is not supported yet",
                                  in->key);
        if (key_size(value, &m->size) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a size", in->key, value);
        return 0;
}

static int apply_mode(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        (void) name;
        if (parse_mode(value, &m->mode) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an octal mode", in->key, value);
        return 0;
}

static int apply_number(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        uint32_t *to = streq(name, "uid") ? &m->uid : streq(name, "gid") ? &m->gid : &m->most;

        if (parse_u32_range(value, 0, UINT32_MAX - 1, to) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: %s=%s is not a number", in->key, name, value);
        return 0;
}

static int apply_directory(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        char **to = streq(name, "upperdir") ? &m->upper : &m->work;

        free(take_ptr(*to));
        return key_host_path(in, value, at, "directory", to);
}

static int apply_text(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        char **to = streq(name, "title") ? &m->title : streq(name, "digest") ? &m->digest : &m->subpath;

        if (!*value)
                return diag_error(in->diag, at, -EINVAL, "%s=: option %s= needs a value", in->key, name);
        free(*to);
        *to = strdup(value);
        return *to ? 0 : -ENOMEM;
}

static int apply_relabel(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        static const char *const words[] = { "shared", "private", NULL };

        (void) name;
        if (!strv_contains((char **) words, value))
                return key_bad_word(in, value, at, "relabel is shared or private", words);
        m->shared = streq(value, "shared");
        m->own_label = !m->shared;
        return 0;
}

static const struct Valued {
        const char *name;
        unsigned kinds;
        ApplyFn apply;
} valued[] = {
        { "bind-propagation", ON_FILES, apply_bind_propagation },
        { "size", ON_MEMORY, apply_size },
        { "tmpfs-size", ON(TMPFS), apply_size },
        { "ramfs-size", ON(RAMFS), apply_size },
        { "mode", ON_MEMORY | ON(DEVPTS), apply_mode },
        { "tmpfs-mode", ON(TMPFS), apply_mode },
        { "ramfs-mode", ON(RAMFS), apply_mode },
        { "uid", ON(DEVPTS), apply_number },
        { "gid", ON(DEVPTS), apply_number },
        { "max", ON(DEVPTS), apply_number },
        { "upperdir", ON_FILES, apply_directory },
        { "workdir", ON_FILES, apply_directory },
        { "subpath", ON(VOLUME) | ON(IMAGE), apply_text },
        { "volume-subpath", ON(VOLUME), apply_text },
        { "title", ON(ARTIFACT), apply_text },
        { "digest", ON(ARTIFACT), apply_text },
        { "relabel", ON_DATA | ON_MEMORY, apply_relabel },
};

static int unknown(const KeyInput *in, const char *name, Where at) {
        static const char *const others[] = { "type", "source", "src", "destination", "dst", "target" };
        const char *words[ELEMENTSOF(switches) + ELEMENTSOF(valued) + ELEMENTSOF(propagations) +
                          ELEMENTSOF(others) + 1] = {};
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                words[n++] = others[i];
        for (size_t i = 0; i < ELEMENTSOF(switches); i++)
                words[n++] = switches[i].name;
        for (size_t i = 0; i < ELEMENTSOF(valued); i++)
                words[n++] = valued[i].name;
        for (size_t i = 0; i < ELEMENTSOF(propagations); i++)
                words[n++] = propagations[i].name;

        (void) diag_error(in->diag, at, -EINVAL, "%s=: unknown option \"%s\"", in->key, name);
        diag_did_you_mean(in->diag, name, words);
        return -EINVAL;
}

int mount_option_apply(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        int r;

        if (strv_contains((char **) ignored, name))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(switches); i++)
                if (streq(switches[i].name, name))
                        return apply_switch(in, &switches[i], value, at, m);
        for (size_t i = 0; value && i < ELEMENTSOF(valued); i++)
                if (streq(valued[i].name, name))
                        return valued[i].kinds & 1U << m->kind ? valued[i].apply(in, name, value, at, m)
                                                               : wrong_kind(in, name, at, m);

        r = value ? -ENOENT : apply_propagation(in, name, at, m);
        return r == -ENOENT ? unknown(in, name, at) : r;
}

int mount_option_apply_all(const KeyInput *in, char *options, Where at, MountSpec *m) {
        char *rest = options;
        KeyOption o;

        while (key_next_option(&rest, options, at, ',', &o)) {
                int r = mount_option_apply(in, o.name, o.value, o.at, m);

                if (r < 0)
                        return r;
        }
        return 0;
}

static void write_map(FILE *f, const char *name, const IdMapList *list) {
        for (size_t i = 0; i < list->n; i++) {
                autofree char *line = key_id_map_text(&list->items[i], '-');

                fprintf(f, "%s%s%s", i == 0 ? name : "#", i == 0 ? "=" : "", strempty(line));
        }
}

static void write_id_map(FILE *f, const char *before, const MountSpec *m) {
        fprintf(f, "%sidmap=", before);
        write_map(f, "uids", &m->uid_map);
        fputs(m->uid_map.n > 0 && m->gid_map.n > 0 ? ";" : "", f);
        write_map(f, "gids", &m->gid_map);
}

static const char *propagation_word(unsigned long flags) {
        for (size_t i = 0; i < ELEMENTSOF(propagations); i++)
                if (flags == (propagations[i].flag | (propagations[i].recursive ? MS_REC : 0)))
                        return propagations[i].name;
        return "private";
}

void mount_option_write(FILE *f, const MountSpec *m, const char *separator) {
        const MountSpec d = key_mount_default(m->kind, m->key, m->at);
        const char *before = separator;

#define OPTION(condition, ...)                   \
        do                                       \
                if (condition) {                 \
                        fputs(before, f);        \
                        fprintf(f, __VA_ARGS__); \
                        before = ",";            \
                }                                \
        while (0)
        OPTION(m->read_only != d.read_only, m->read_only ? "ro" : "rw");
        OPTION(m->no_exec != d.no_exec, m->no_exec ? "noexec" : "exec");
        OPTION(m->no_suid != d.no_suid, m->no_suid ? "nosuid" : "suid");
        OPTION(m->no_dev != d.no_dev, m->no_dev ? "nodev" : "dev");
        OPTION(m->recursive != d.recursive, "bind-nonrecursive");
        OPTION(m->no_dereference, "no-dereference");
        OPTION(m->idmap != d.idmap, "idmap=no");
        OPTION(m->chown, "U");
        OPTION(m->overlay, "O");
        OPTION(m->upper, "upperdir=%s", m->upper);
        OPTION(m->work, "workdir=%s", m->work);
        OPTION(m->copy != d.copy, "nocopy");
        OPTION(m->copy_up != d.copy_up, "notmpcopyup");
        OPTION(m->no_swap, "noswap");
        OPTION(m->shared, "z");
        OPTION(m->own_label, "Z");
        OPTION(m->subpath, "subpath=%s", m->subpath);
        OPTION(m->title, "title=%s", m->title);
        OPTION(m->digest, "digest=%s", m->digest);
        OPTION(m->size > 0, "size=%llu", (unsigned long long) m->size);
        OPTION(m->mode > 0, "mode=%o", m->mode);
        OPTION(m->uid > 0, "uid=%u", m->uid);
        OPTION(m->gid > 0, "gid=%u", m->gid);
        OPTION(m->most > 0, "max=%u", m->most);
        OPTION(m->propagation != d.propagation, "%s", propagation_word(m->propagation));
#undef OPTION
        if (m->uid_map.n > 0 || m->gid_map.n > 0)
                write_id_map(f, before, m);
}
