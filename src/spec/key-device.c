/* Key type of AddDevice=: "[-]HOST[:CONTAINER][:rwm]". */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static void device_done(DeviceSpec *d) {
        free(d->host);
        free(d->container);
}

static int set_access(const KeyInput *in, const char *text, Where at, DeviceSpec *d) {
        if (!*text || text[strspn(text, "rwm")])
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not made of r, w and m", in->key,
                                  text);
        d->read = strchr(text, 'r') != NULL;
        d->write = strchr(text, 'w') != NULL;
        d->make = strchr(text, 'm') != NULL;
        return 0;
}

/* "vendor.com/class=name", from a file of the Container Device Interface: it says which nodes there are. */
static bool is_cdi_name(const char *name) {
        const char *slash = strchr(name, '/'), *equals = strchr(name, '=');

        return name[0] != '/' && slash && equals && slash < equals && equals[1];
}

static int copy_name(const char *name, DeviceSpec *d) {
        d->host = strdup(name);
        return d->host ? 0 : -ENOMEM;
}

static int device_fill(const KeyInput *in, char *text, Where at, DeviceSpec *d) {
        const char *start = text, *host, *second;
        int r;

        *d = (DeviceSpec){ .optional = *text == '-', .read = true, .write = true, .make = true, .at = at };
        text += d->optional;
        host = strsep(&text, ":");
        if (is_cdi_name(host) && !text)
                return copy_name(host, d);
        if (host[0] != '/')
                return diag_error(in->diag, where_advance(at, d->optional), -EINVAL,
                                  "%s=: \"%s\" is not the absolute path of a device", in->key, host);
        r = key_host_path(in, host, where_advance(at, d->optional), "device", &d->host);
        if (r < 0)
                return r;

        second = text ? text : host;
        if (text)
                strsep(&text, ":");
        if (second[0] == '/')
                r = key_container_path(in, second, where_advance(at, (size_t) (second - start)),
                                       &d->container);
        else {
                /* "/dev/sda:r": as podman, what is no path is the access. */
                if (text)
                        return key_bad_form(in, second, where_advance(at, (size_t) (second - start)), -EINVAL,
                                            "/PATH, which comes before the access");
                text = (char *) second;
                r = key_container_path(in, host, at, &d->container);
        }
        if (r == 0 && text)
                r = set_access(in, text, where_advance(at, (size_t) (text - start)), d);
        return r;
}

int key_devices_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                DeviceSpec d = {}, *item;
                int r;

                r = device_fill(in, words[i].text, words[i].at, &d);
                item = r == 0 ? LIST_ADD((DeviceList *) field) : NULL;
                if (!item) {
                        device_done(&d);
                        return r < 0 ? r : -ENOMEM;
                }
                *item = d;
        }
        return n < 0 ? n : 0;
}

char *key_devices_format(const void *field) {
        const DeviceList *list = field;
        char **words = NULL;
        int r = 0;

        for (size_t i = 0; i < list->n && r >= 0; i++) {
                const DeviceSpec *d = &list->items[i];
                bool all = d->read && d->write && d->make,
                     same = !d->container || streq(d->host, d->container);

                r = strv_addf(&words, "%s%s%s%s%s%s%s%s", d->optional ? "-" : "", d->host, same ? "" : ":",
                              same ? "" : d->container, all ? "" : ":", d->read && !all ? "r" : "",
                              d->write && !all ? "w" : "", d->make && !all ? "m" : "");
        }
        return key_join_take(words, r);
}

void key_devices_clear(void *field) {
        DeviceList *list = field;

        for (size_t i = 0; i < list->n; i++)
                device_done(&list->items[i]);
        free(list->items);
        *list = (DeviceList){};
}
