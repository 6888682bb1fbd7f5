#include "spec/volume-options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "spec/key-input.h"
#include "spec/volume-section.h"

static const char *const words[] = { "size", "inodes", "uid", "gid", "copy", "nocopy", NULL };

static int bad_value(Diag *diag, Where at, const char *name, const char *value, const char *what) {
        return diag_error(diag, at, -EINVAL, "Options=: %s=%s is no %s", name, strempty(value), what);
}

static int apply(const char *name, const char *value, Where at, Diag *diag, VolumeOptions *o) {
        if (streq(name, "size") || streq(name, "inodes")) {
                uint64_t *to = streq(name, "size") ? &o->size : &o->inodes;

                if (!value || key_size(value, to) < 0 || *to == 0)
                        return bad_value(diag, at, name, value, streq(name, "size") ? "size" : "number");
                return 0;
        }
        if (streq(name, "uid") || streq(name, "gid")) {
                uint32_t *to = streq(name, "uid") ? &o->uid : &o->gid;

                if (!value || parse_u32_range(value, 0, OWNER_UNSET - 1, to) < 0)
                        return bad_value(diag, at, name, value, "id");
                return 0;
        }
        if (!value && (streq(name, "copy") || streq(name, "nocopy"))) {
                o->no_copy = streq(name, "nocopy");
                return 0;
        }
        (void) diag_error(diag, at, -EINVAL, "Options=: \"%s\" needs Device=", name);
        diag_did_you_mean(diag, name, words);
        return -EINVAL;
}

int volume_options_parse(const char *text, Where at, Diag *diag, VolumeOptions *ret) {
        VolumeOptions o = { .uid = OWNER_UNSET, .gid = OWNER_UNSET };
        autofree char *copy = strdup(strempty(text));
        char *rest = copy, *word;

        if (!copy)
                return -ENOMEM;
        while (rest && (word = strsep(&rest, ","))) {
                Where here = where_advance(at, (size_t) (word - copy));
                char *value = strchr(word, '=');
                int r;

                if (!*word)
                        continue;
                if (value)
                        *value++ = '\0';
                r = apply(word, value, here, diag, &o);
                if (r < 0)
                        return r;
        }
        *ret = o;
        return 0;
}
