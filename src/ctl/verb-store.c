/* nsctl image, volume, network, links: what units use. Lists come from the manager as JSON. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/pull-progress.h"
#include "ctl/table.h"

static int list(Ctl *c, const char *method, const Column *columns, size_t n) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = client_query_json(c, method, NULL, &error, &rows);
        return r < 0 ? client_failure("list", r, &error) : table_print(c, rows, columns, n);
}

/* One of the objects of a list, by its name; a network's or volume's unit name serves as well. */
static int inspect(Ctl *c, const char *method, char **names) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        int r, status = STATUS_OK;

        if (!names[0])
                return ctl_error("inspect: name at least one");
        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_query_json(c, method, NULL, &error, &rows);
        if (r < 0)
                return client_failure("inspect", r, &error);

        STRV_FOREACH (name, names) {
                json_t *found = NULL, *row;
                size_t i;

                json_array_foreach(
                        rows, i,
                        row) if (streq_null(json_string_value(json_object_get(row, "name")), *name) ||
                                 streq_null(json_string_value(json_object_get(row, "unit")), *name)) found =
                        row;
                status = found ? json_print(found) : ctl_error("there is no \"%s\"", *name);
        }
        return status;
}

static int remove_each(Ctl *c, const char *method, char **names) {
        int status = STATUS_OK;

        if (!names[0])
                return ctl_error("rm: name at least one");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = client_call(c, NULL, NULL, method, &error, NULL, "s", *name);

                if (r < 0)
                        status = client_failure(*name, r, &error);
        }
        return status;
}

static int image_inspect(Ctl *c, char **names) {
        int status = STATUS_OK;

        if (!names[0])
                return ctl_error("inspect: name at least one");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                autojson json_t *image = NULL;
                int r = client_query_json(c, "InspectImage", *name, &error, &image);

                status = r < 0 ? client_failure(*name, r, &error) : json_print(image);
        }
        return status;
}

/* A file travels as a descriptor, so that it may be a pipe and lie where the manager cannot look; a directory
 * (an OCI layout) goes by its path. */
static int call_import(Ctl *c, const char *source, const char *name, sd_bus_error *error,
                       sd_bus_message **ret) {
        autofree char *real = NULL;
        autoclose int fd = -EBADF;
        struct stat st;

        if (streq(source, "-"))
                return client_call(c, NULL, NULL, "ImportImageFromFD", error, ret, "sh", name, STDIN_FILENO);

        fd = open(source, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISDIR(st.st_mode))
                return client_call(c, NULL, NULL, "ImportImageFromFD", error, ret, "sh", name, fd);

        real = realpath(source, NULL);
        return real ? client_call(c, NULL, NULL, "ImportImage", error, ret, "ss", name, real) : -errno;
}

static int image_import(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        const char *id;
        int r;

        if (!words[0] || words[1])
                return ctl_error("image import takes one archive or directory, or \"-\" for standard input");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = call_import(c, words[0], strempty(c->options.name), &error, &reply);
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &id);
        if (r < 0)
                return client_failure(words[0], r, &error);

        if (!c->options.quiet)
                puts(id);
        return STATUS_OK;
}

int verb_image(Ctl *c, char **words) {
        static const Column columns[] = {
                { "NAME", "names", COLUMN_CUT },         { "ID", "id", COLUMN_ID },
                { "SIZE", "size_bytes", COLUMN_BYTES },  { "LAYERS", "n_layers", COLUMN_RIGHT },
                { "IMPORTED", "imported", COLUMN_TIME },
        };
        const char *what = words[1] ? words[1] : "list";

        if (streq(what, "list"))
                return list(c, "ListImages", columns, ELEMENTSOF(columns));
        if (streq(what, "import"))
                return image_import(c, words + 2);
        if (streq(what, "pull"))
                return verb_image_pull(c, words + 2);
        if (streq(what, "inspect"))
                return image_inspect(c, words + 2);
        if (streq(what, "rm"))
                return remove_each(c, "RemoveImage", words + 2);
        return ctl_error("image %s: it is list, pull, import, inspect or rm", what);
}

int verb_volume(Ctl *c, char **words) {
        static const Column columns[] = {
                { "NAME", "name", 0 },
                { "UNITS", "units", 0 },
                { "CREATED", "created", COLUMN_TIME },
                { "PATH", "path", COLUMN_CUT },
        };
        const char *what = words[1] ? words[1] : "list";

        if (streq(what, "list"))
                return list(c, "ListVolumes", columns, ELEMENTSOF(columns));
        if (streq(what, "inspect"))
                return inspect(c, "ListVolumes", words + 2);
        if (streq(what, "rm"))
                return remove_each(c, "RemoveVolume", words + 2);
        return ctl_error("volume %s: it is list, inspect or rm", what);
}

int verb_network(Ctl *c, char **words) {
        static const Column columns[] = {
                { "NAME", "name", 0 },       { "DRIVER", "driver", 0 },     { "DEVICE", "device", 0 },
                { "SUBNETS", "subnets", 0 }, { "INTERNAL", "internal", 0 }, { "UNITS", "units", COLUMN_CUT },
        };
        const char *what = words[1] ? words[1] : "list";

        if (streq(what, "list"))
                return list(c, "ListNetworks", columns, ELEMENTSOF(columns));
        if (streq(what, "inspect"))
                return inspect(c, "ListNetworks", words + 2);
        return ctl_error("network %s: it is list or inspect", what);
}

int verb_links(Ctl *c, char **words) {
        static const Column columns[] = {
                { "HOST LINK", "host_link", 0 },          { "UNIT", "unit", 0 }, { "LINK", "link", 0 },
                { "ADDRESSES", "addresses", COLUMN_CUT }, { "MAC", "mac", 0 },   { "NETWORK", "network", 0 },
        };

        return list(c, "ListLinks", columns, ELEMENTSOF(columns));
}
