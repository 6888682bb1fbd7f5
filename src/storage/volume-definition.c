#include "storage/volume-definition.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"

#define FILE_NAME "volume.json"
#define FILE_MAX  ((size_t) 1 << 20)

void volume_definition_free(VolumeDefinition *d) {
        if (!d)
                return;

        free(d->unit);
        free(d->device);
        free(d->type);
        free(d->options);
        strv_free(d->labels);
        free(d);
}

static json_t *labels_to_json(char *const *labels) {
        json_t *list = json_array();

        STRV_FOREACH (label, labels)
                (void) json_array_append_new(list, json_string(*label));
        return list;
}

int volume_definition_write(int volume_fd, const VolumeDefinition *d) {
        autofree char *text = NULL;
        json_t *o;

        o = json_pack("{s:s, s:s*, s:s*, s:s*, s:o, s:I, s:I, s:I, s:I, s:b}", "unit", d->unit, "device",
                      d->device, "type", d->type, "options", d->options, "labels", labels_to_json(d->labels),
                      "size", (json_int_t) d->size, "inodes", (json_int_t) d->inodes, "uid",
                      (json_int_t) d->uid, "gid", (json_int_t) d->gid, "no_copy", d->no_copy);
        text = o ? json_dumps(o, JSON_COMPACT) : NULL;
        json_decref(o);
        return text ? file_replace(volume_fd, FILE_NAME, text, strlen(text), 0600, true) : -ENOMEM;
}

static int take_text(const json_t *o, const char *key, char **ret) {
        const char *text = json_string_value(json_object_get(o, key));

        *ret = text ? strdup(text) : NULL;
        return text && !*ret ? -ENOMEM : 0;
}

static int fill(const json_t *o, VolumeDefinition *d) {
        const struct {
                const char *key;
                char **field;
        } texts[] = { { "unit", &d->unit },
                      { "device", &d->device },
                      { "type", &d->type },
                      { "options", &d->options } };
        const json_t *label;
        size_t i;
        int r = 0;

        for (i = 0; i < ELEMENTSOF(texts) && r == 0; i++)
                r = take_text(o, texts[i].key, texts[i].field);
        json_array_foreach(json_object_get(o, "labels"), i, label) {
                if (r == 0 && json_is_string(label))
                        r = strv_add(&d->labels, json_string_value(label));
        }
        d->size = (uint64_t) json_integer_value(json_object_get(o, "size"));
        d->inodes = (uint64_t) json_integer_value(json_object_get(o, "inodes"));
        d->uid = (uint32_t) json_integer_value(json_object_get(o, "uid"));
        d->gid = (uint32_t) json_integer_value(json_object_get(o, "gid"));
        d->no_copy = json_is_true(json_object_get(o, "no_copy"));
        return r;
}

int volume_definition_read(int volume_fd, VolumeDefinition **ret) {
        autoptr(VolumeDefinition) d = calloc(1, sizeof(*d));
        autofree char *text = NULL;
        json_t *o;
        int r;

        if (!d)
                return -ENOMEM;
        r = file_read(volume_fd, FILE_NAME, FILE_MAX, &text, NULL);
        if (r < 0)
                return r;
        o = json_loads(text, 0, NULL);
        r = json_is_object(o) ? fill(o, d) : -EBADMSG;
        json_decref(o);
        if (r < 0)
                return r;
        *ret = take_ptr(d);
        return 0;
}
