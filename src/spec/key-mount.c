/* What Volume=, Tmpfs= and Mount= have in common. */
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-mount.h"
#include "spec/mount-option.h"

/* Images, artifacts and links to both are for reading, unless an option says otherwise. */
MountSpec key_mount_default(MountKind kind, const char *key, Where at) {
        bool memory = kind == MOUNT_TMPFS || kind == MOUNT_RAMFS;

        return (MountSpec){
                .kind = kind,
                .read_only = kind == MOUNT_IMAGE || kind == MOUNT_ARTIFACT,
                .no_exec = memory || kind == MOUNT_DEVPTS,
                .no_suid = memory || kind == MOUNT_DEVPTS,
                .no_dev = memory || kind == MOUNT_VOLUME,
                .recursive = kind == MOUNT_BIND || kind == MOUNT_GLOB,
                .idmap = !memory && kind != MOUNT_DEVPTS,
                .copy = kind == MOUNT_VOLUME,
                .copy_up = kind == MOUNT_TMPFS,
                .propagation = MS_PRIVATE | MS_REC,
                .key = key,
                .at = at,
        };
}

int key_mount_add(MountList *list, MountSpec *m) {
        MountSpec *item = NULL;

        for (size_t i = 0; i < list->n; i++)
                if (m->kind != MOUNT_GLOB && streq(list->items[i].destination, m->destination)) {
                        item = &list->items[i];
                        mount_spec_done(item);
                }
        if (!item)
                item = LIST_ADD(list);
        if (!item) {
                mount_spec_done(m);
                return -ENOMEM;
        }

        *item = *m;
        return 0;
}

int key_mount_set_destination(const KeyInput *in, const char *text, Where at, MountSpec *m) {
        int r;

        free(take_ptr(m->destination));
        r = key_container_path(in, text, at, &m->destination);
        if (r == 0 && streq(m->destination, "/"))
                r = diag_error(in->diag, at, -EINVAL, "%s=: nothing can be mounted on \"/\"", in->key);
        return r;
}

static int bad_source(const KeyInput *in, const char *name, Where at) {
        (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is neither a path nor the name of a volume",
                          strempty(in->key), name);
        if (strchr(name, '/'))
                diag_hint(in->diag, "a path begins with \"/\", or with \"./\" for the unit file's directory");
        return -EINVAL;
}

int key_mount_set_volume(const KeyInput *in, const char *name, Where at, MountSpec *m) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
        bool unit = unit_name_kind(name) == UNIT_VOLUME;

        if (unit ? !unit_name_valid(name) : name[strspn(name, allowed)] || strchr(".-", name[0]))
                return bad_source(in, name, at);

        free(m->source);
        m->source = strdup(name);
        return m->source ? key_fill_instance(in, &m->source) : -ENOMEM;
}

char *key_mount_format(const MountList *list, bool long_form) {
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
                mount_option_write(f, m, long_form ? "," : ":");
        }

        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
