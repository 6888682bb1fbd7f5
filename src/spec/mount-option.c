/* Options of a mount: one table of the switches, and the few that have values. */
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "spec/key-input.h"
#include "spec/mount-option.h"

#define ON_BIND   (1 << MOUNT_BIND)
#define ON_VOLUME (1 << MOUNT_VOLUME)
#define ON_TMPFS  (1 << MOUNT_TMPFS)
#define ON_DISK   (ON_BIND | ON_VOLUME)
#define ON_ALL    (ON_DISK | ON_TMPFS)

typedef struct Switch {
        const char *name;
        unsigned kinds;
        size_t offset; /* of the bool in MountSpec */
        bool value;    /* what the bare name sets; "name=no" sets the opposite */
} Switch;

#define SWITCH(name, kinds, field, value) \
        { name, kinds, offsetof(MountSpec, field), value }

static const Switch switches[] = {
        SWITCH("ro", ON_ALL, read_only, true),     SWITCH("readonly", ON_ALL, read_only, true),
        SWITCH("rw", ON_ALL, read_only, false),    SWITCH("exec", ON_ALL, no_exec, false),
        SWITCH("noexec", ON_ALL, no_exec, true),   SWITCH("suid", ON_ALL, no_suid, false),
        SWITCH("nosuid", ON_ALL, no_suid, true),   SWITCH("dev", ON_ALL, no_dev, false),
        SWITCH("nodev", ON_ALL, no_dev, true),     SWITCH("bind", ON_BIND, recursive, false),
        SWITCH("rbind", ON_BIND, recursive, true), SWITCH("bind-nonrecursive", ON_BIND, recursive, false),
        SWITCH("idmap", ON_DISK, idmap, true),     SWITCH("U", ON_ALL, chown, true),
        SWITCH("chown", ON_ALL, chown, true),      SWITCH("copy", ON_VOLUME, copy, true),
        SWITCH("nocopy", ON_VOLUME, copy, false),  SWITCH("z", ON_ALL, shared, true),
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

/* Known to Podman or Docker, and of no consequence here: labels of SELinux, hints of Docker Desktop. */
static const char *const ignored[] = { "Z", "consistency", "cached", "delegated", "notmpcopyup", NULL };

/* Known to Podman; to leave them out would do something else than what was meant. */
static const char *const later[] = { "O",         "upperdir", "workdir",        "subpath", "volume-subpath",
                                     "tmpcopyup", "noswap",   "no-dereference", NULL };

/* For did-you-mean. */
static const char *const all_names[] = { "type",
                                         "source",
                                         "src",
                                         "destination",
                                         "dst",
                                         "target",
                                         "ro",
                                         "readonly",
                                         "rw",
                                         "exec",
                                         "noexec",
                                         "suid",
                                         "nosuid",
                                         "dev",
                                         "nodev",
                                         "bind",
                                         "rbind",
                                         "idmap",
                                         "U",
                                         "chown",
                                         "copy",
                                         "nocopy",
                                         "size",
                                         "mode",
                                         "private",
                                         "rprivate",
                                         "slave",
                                         "rslave",
                                         "shared",
                                         "rshared",
                                         "tmpfs-size",
                                         "tmpfs-mode",
                                         "bind-propagation",
                                         "bind-nonrecursive",
                                         NULL };

static bool is_in(const char *const *list, const char *name) {
        for (; *list; list++)
                if (streq(*list, name))
                        return true;
        return false;
}

static int wrong_kind(const KeyInput *in, const char *name, Where at, const MountSpec *m) {
        return diag_error(in->diag, at, -EINVAL, "%s=: option \"%s\" does not go with a %s mount", in->key,
                          name, mount_kind_to_string(m->kind));
}

static int apply_switch(const KeyInput *in, const Switch *s, const char *value, Where at, MountSpec *m) {
        bool on = true;

        if (!(s->kinds & 1U << m->kind))
                return wrong_kind(in, s->name, at, m);
        if (value && streq(s->name, "idmap") && strchr(value, '=')) {
                diag_warning(in->diag, at, "%s=: %s=%s is not supported yet", in->key, s->name, value);
                diag_hint(in->diag, "the map of the container's user namespace is used");
        } else if (value && parse_bool(value, &on) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: option %s=%s is not yes or no", in->key,
                                  s->name, value);

        *(bool *) ((char *) m + s->offset) = on == s->value;
        return 0;
}

static int apply_propagation(const KeyInput *in, const char *word, Where at, MountSpec *m) {
        for (size_t i = 0; i < ELEMENTSOF(propagations); i++)
                if (streq(propagations[i].name, word)) {
                        if (m->kind != MOUNT_BIND && m->kind != MOUNT_VOLUME)
                                return wrong_kind(in, word, at, m);
                        m->propagation = propagations[i].flag | (propagations[i].recursive ? MS_REC : 0);
                        return 0;
                }
        return -ENOENT;
}

static int apply_size(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        if (m->kind != MOUNT_TMPFS)
                return wrong_kind(in, name, at, m);
        if (endswith(value, "%"))
                return diag_error(in->diag, at, -EINVAL, "%s=: a size in percent is not supported yet",
                                  in->key);
        if (key_size(value, &m->size) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a size", in->key, value);
        return 0;
}

static int apply_mode(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        if (m->kind != MOUNT_TMPFS)
                return wrong_kind(in, name, at, m);
        if (parse_mode(value, &m->mode) < 0)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an octal mode", in->key, value);
        return 0;
}

static int apply_value(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        if (streq(name, "size") || streq(name, "tmpfs-size"))
                return apply_size(in, name, value, at, m);
        if (streq(name, "mode") || streq(name, "tmpfs-mode"))
                return apply_mode(in, name, value, at, m);
        if (streq(name, "bind-propagation") && apply_propagation(in, value, at, m) == -ENOENT)
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not a propagation", in->key, value);
        return streq(name, "bind-propagation") ? 0 : -ENOENT;
}

int mount_option_apply(const KeyInput *in, const char *name, const char *value, Where at, MountSpec *m) {
        int r;

        if (is_in(ignored, name))
                return 0;
        if (streq(name, "relabel")) {
                m->shared = streq(strempty(value), "shared");
                return 0;
        }
        if (is_in(later, name))
                return diag_error(in->diag, at, -EINVAL, "%s=: option \"%s\" is not supported yet", in->key,
                                  name);

        for (size_t i = 0; i < ELEMENTSOF(switches); i++)
                if (streq(switches[i].name, name))
                        return apply_switch(in, &switches[i], value, at, m);

        r = value ? apply_value(in, name, value, at, m) : apply_propagation(in, name, at, m);
        if (r != -ENOENT)
                return r;

        (void) diag_error(in->diag, at, -EINVAL, "%s=: unknown option \"%s\"", in->key, name);
        diag_did_you_mean(in->diag, name, all_names);
        return -EINVAL;
}

int mount_option_apply_all(const KeyInput *in, char *options, Where at, MountSpec *m) {
        char *option, *rest = options;

        while ((option = strsep(&rest, ","))) {
                Where here = where_advance(at, (size_t) (option - options));
                char *equals = strchr(option, '=');
                int r;

                if (equals)
                        *equals++ = '\0';
                r = *option ? mount_option_apply(in, option, equals, here, m) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}
