/* nsctl image: what the store has of them. Pulls have a file of their own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/pull-progress.h"
#include "ctl/store.h"
#include "ctl/text.h"

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

                if (r == 0)
                        r = json_print(image);
                else
                        r = client_failure(*name, r, &error);
                status = r != STATUS_OK ? r : status;
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

static int image_tag(Ctl *c, char **words) {
        int status = STATUS_OK;

        if (!words[0] || !words[1])
                return ctl_error("image tag takes an image and the names to give it");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        STRV_FOREACH (name, words + 1) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = client_call(c, NULL, NULL, "TagImage", &error, NULL, "ss", words[0], *name);

                if (r < 0)
                        status = client_failure(words[0], r, &error);
        }
        return status;
}

static void print_pruned(const json_t *images) {
        const json_t *image;
        size_t i;

        json_array_foreach(images, i, image) {
                const json_t *name = json_array_get(json_object_get(image, "names"), 0);
                char bytes[TEXT_MAX];

                printf("%s (%.12s, %s)\n", name ? json_string_value(name) : "without a name",
                       strempty(json_string_value(json_object_get(image, "id"))),
                       text_bytes((uint64_t) json_integer_value(json_object_get(image, "size_bytes")),
                                  bytes));
        }
}

static int image_prune(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autojson json_t *images = NULL;
        const char *text;
        int r;

        if (words[0])
                return ctl_error("image prune takes no argument");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = client_call(c, NULL, NULL, "PruneImages", &error, &reply, "b", (int) c->options.all);
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_failure("image prune", r, &error);
        images = json_loads(text, 0, NULL);
        if (!images)
                return ctl_error("image prune: the answer is no JSON");

        if (c->options.json)
                return json_print(images);
        if (!c->options.quiet)
                print_pruned(images);
        return STATUS_OK;
}

/* A new file, which goes again when the export fails: half an archive is of no use. */
static int export_to_file(Ctl *c, const char *reference, const char *path, sd_bus_error *error) {
        autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        int r;

        if (fd < 0)
                return -errno;
        r = client_call(c, NULL, NULL, "ExportImage", error, NULL, "sh", reference, fd);
        if (r == 0 && fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
                r = -errno;
        if (r < 0)
                (void) unlink(path);
        return r;
}

static int image_export(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *path = c->options.output;
        int r;

        if (!words[0] || words[1])
                return ctl_error("image export takes one image");
        if (!path && isatty(STDOUT_FILENO))
                return ctl_error("image export: an archive is nothing for a terminal (--output=FILE)");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        if (path && !streq(path, "-"))
                r = export_to_file(c, words[0], path, &error);
        else
                r = client_call(c, NULL, NULL, "ExportImage", &error, NULL, "sh", words[0], STDOUT_FILENO);
        if (r < 0)
                return client_failure(sd_bus_error_is_set(&error) || !path ? words[0] : path, r, &error);
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
                return store_list(c, "ListImages", columns, ELEMENTSOF(columns));
        if (streq(what, "import"))
                return image_import(c, words + 2);
        if (streq(what, "pull"))
                return verb_image_pull(c, words + 2);
        if (streq(what, "inspect"))
                return image_inspect(c, words + 2);
        if (streq(what, "rm"))
                return store_remove_each(c, "RemoveImage", words + 2);
        if (streq(what, "tag"))
                return image_tag(c, words + 2);
        if (streq(what, "prune"))
                return image_prune(c, words + 2);
        if (streq(what, "export"))
                return image_export(c, words + 2);
        return ctl_error("image %s: it is list, pull, import, inspect, tag, rm, prune or export", what);
}
