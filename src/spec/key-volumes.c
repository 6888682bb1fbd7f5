/* Key types of Volume= and Tmpfs=: "[SOURCE:]DESTINATION[:OPTIONS]". */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-mount.h"
#include "spec/mount-option.h"

/* SRC of SRC:DST: a path or a name. */
static int set_volume_source(const KeyInput *in, const char *text, Where at, MountSpec *m) {
        if (text[0] == '/' || text[0] == '.') {
                *m = key_mount_default(MOUNT_BIND, "Volume", at);
                return key_host_path(in, text, at, "source", &m->source);
        }
        return *text ? key_mount_set_volume(in, text, at, m) : 0;
}

static int volume_fill(const KeyInput *in, char *text, Where at, MountSpec *m) {
        char *first = text, *second = NULL, *options = NULL;
        int r;

        strsep(&text, ":");
        if (text)
                second = strsep(&text, ":");
        options = text;

        *m = key_mount_default(MOUNT_VOLUME, "Volume", at);
        if (!second)
                return key_mount_set_destination(in, first, at, m);

        r = set_volume_source(in, first, at, m);
        if (r == 0)
                r = key_mount_set_destination(in, second, where_advance(at, (size_t) (second - first)), m);
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
                mount_spec_done(&m);
                return r;
        }
        return key_mount_add(field, &m);
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

        m = key_mount_default(MOUNT_TMPFS, "Tmpfs", at);
        options = text;
        strsep(&options, ":");
        r = key_mount_set_destination(in, text, at, &m);
        if (r == 0 && options)
                r = mount_option_apply_all(in, options, where_advance(at, (size_t) (options - text)), &m);
        if (r < 0) {
                mount_spec_done(&m);
                return r;
        }
        return key_mount_add(field, &m);
}

char *key_volumes_format(const void *field) {
        return key_mount_format(field, false);
}

char *key_tmpfses_format(const void *field) {
        return key_mount_format(field, false);
}

void key_volumes_clear(void *field) {
        MountList *list = field;

        for (size_t i = 0; i < list->n; i++)
                mount_spec_done(&list->items[i]);
        free(list->items);
        *list = (MountList){};
}

void key_tmpfses_clear(void *field) {
        key_volumes_clear(field);
}
