/* D-Bus values as JSON. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "basic/cleanup.h"
#include "ctl/bus-json.h"
#include "ctl/client.h"

static json_t *from_basic(char type, const void *p) {
        switch (type) {
        case SD_BUS_TYPE_BYTE:
                return json_integer(*(const uint8_t *) p);
        case SD_BUS_TYPE_BOOLEAN:
                return json_boolean(*(const int *) p);
        case SD_BUS_TYPE_INT16:
                return json_integer(*(const int16_t *) p);
        case SD_BUS_TYPE_UINT16:
                return json_integer(*(const uint16_t *) p);
        case SD_BUS_TYPE_INT32:
        case SD_BUS_TYPE_UNIX_FD:
                return json_integer(*(const int32_t *) p);
        case SD_BUS_TYPE_UINT32:
                return json_integer(*(const uint32_t *) p);
        case SD_BUS_TYPE_INT64:
                return json_integer(*(const int64_t *) p);
        case SD_BUS_TYPE_UINT64:
                return *(const uint64_t *) p == UINT64_MAX
                               ? json_null()
                               : json_integer((json_int_t) * (const uint64_t *) p);
        case SD_BUS_TYPE_DOUBLE:
                return json_real(*(const double *) p);
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
                return json_string_nocheck(*(const char *const *) p); /* sd-bus has looked */
        }
        return NULL;
}

static int read_basic(sd_bus_message *m, char type, json_t **ret) {
        union {
                uint64_t number;
                double real;
                const char *text;
        } value = {};
        int r;

        r = sd_bus_message_read_basic(m, type, &value);
        if (r < 0)
                return r;

        *ret = from_basic(type, &value);
        return *ret ? 1 : -ENOMEM;
}

static int read_bytes(sd_bus_message *m, json_t **ret) {
        autofree char *hex = NULL;
        const void *bytes;
        size_t n;
        int r;

        r = sd_bus_message_read_array(m, 'y', &bytes, &n);
        if (r < 0)
                return r;

        hex = malloc(2 * n + 1);
        if (!hex)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                (void) sprintf(hex + 2 * i, "%02x", ((const uint8_t *) bytes)[i]);
        hex[2 * n] = '\0';

        *ret = json_string(hex);
        return *ret ? 1 : -ENOMEM;
}

/* One entry of a dictionary; its keys are strings everywhere in our interfaces. */
static int read_entry(sd_bus_message *m, const char *contents, json_t *object) {
        const char *key;
        json_t *value;
        int r;

        r = sd_bus_message_enter_container(m, SD_BUS_TYPE_DICT_ENTRY, contents);
        if (r <= 0)
                return r;
        r = sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, &key);
        if (r < 0)
                return r;
        r = bus_json_read(m, &value);
        if (r < 0)
                return r;
        if (json_object_set_new(object, key, value) < 0)
                return -ENOMEM;

        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

static int read_elements(sd_bus_message *m, json_t *array) {
        json_t *value;
        int r;

        while ((r = bus_json_read(m, &value)) > 0)
                if (json_array_append_new(array, value) < 0)
                        return -ENOMEM;
        return r;
}

static int read_container(sd_bus_message *m, char type, const char *contents, json_t **ret) {
        json_t *j = NULL;
        int r;

        r = sd_bus_message_enter_container(m, type, contents);
        if (r < 0)
                return r;

        if (type == SD_BUS_TYPE_VARIANT)
                r = bus_json_read(m, &j);
        else if (type == SD_BUS_TYPE_ARRAY && contents[0] == '{') {
                autofree char *inner = strndup(contents + 1, strlen(contents) - 2);

                j = json_object();
                r = j && inner ? 1 : -ENOMEM;
                while (r > 0)
                        r = read_entry(m, inner, j);
        } else {
                j = json_array();
                r = j ? read_elements(m, j) : -ENOMEM;
        }

        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0) {
                json_decref(j);
                return r;
        }

        *ret = j;
        return 1;
}

int bus_json_read(sd_bus_message *m, json_t **ret) {
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r <= 0)
                return r;

        if (type == SD_BUS_TYPE_ARRAY && contents[0] == 'y' && !contents[1])
                return read_bytes(m, ret);
        if (type == SD_BUS_TYPE_ARRAY || type == SD_BUS_TYPE_STRUCT || type == SD_BUS_TYPE_VARIANT)
                return read_container(m, type, contents, ret);
        return read_basic(m, type, ret);
}

/* One struct, of which members that have no key, or none any more, are left out. Returns 0 where the array
 * ends. */
static int read_row(sd_bus_message *m, const char *const *keys, size_t n, json_t **ret) {
        autojson json_t *row = json_object();
        json_t *value;
        int r;

        r = sd_bus_message_peek_type(m, NULL, NULL);
        if (r > 0)
                r = sd_bus_message_enter_container(m, SD_BUS_TYPE_STRUCT, NULL);
        if (r <= 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                r = keys[i] ? bus_json_read(m, &value) : sd_bus_message_skip(m, NULL);
                if (r <= 0)
                        return r < 0 ? r : -EBADMSG;
                if (keys[i] && json_object_set_new(row, keys[i], value) < 0)
                        return -ENOMEM;
        }
        while ((r = sd_bus_message_at_end(m, false)) == 0 && (r = sd_bus_message_skip(m, NULL)) >= 0)
                ;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret = take_ptr(row);
        return 1;
}

int bus_json_read_rows(sd_bus_message *m, const char *const *keys, size_t n, json_t **ret) {
        autojson json_t *rows = json_array();
        json_t *row;
        int r;

        r = rows ? sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, NULL) : -ENOMEM;
        if (r < 0)
                return r;
        while ((r = read_row(m, keys, n, &row)) > 0)
                if (json_array_append_new(rows, row) < 0)
                        return -ENOMEM;
        if (r < 0)
                return r;
        *ret = take_ptr(rows);
        return 0;
}
