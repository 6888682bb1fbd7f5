/* nsctl volume: list, inspect, remove, and their files as tar archives. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "ctl/client.h"
#include "ctl/store.h"

static int volume_prune(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autojson json_t *names = NULL;
        const json_t *name;
        const char *text;
        size_t i;
        int r;

        if (words[0])
                return ctl_error("volume prune takes no names");
        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, "PruneVolumes", &error, &reply, "b", c->options.all);
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_failure("prune", r, &error);
        names = json_loads(text, 0, NULL);
        if (c->options.json)
                return json_print(names);
        if (!c->options.quiet)
                json_array_foreach(names, i, name) puts(json_string_value(name));
        return STATUS_OK;
}

static int transfer(Ctl *c, const char *method, const char *name, int fd) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, method, &error, NULL, "sh", name, fd);
        return r < 0 ? client_failure(name, r, &error) : STATUS_OK;
}

static int volume_export(Ctl *c, char **words) {
        autoclose int fd = -EBADF;

        if (!words[0] || (words[1] && words[2]))
                return ctl_error("volume export takes a volume and a file, or \"-\" for standard output");
        if (words[1] && !streq(words[1], "-")) {
                fd = open(words[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
                return fd < 0 ? ctl_errno(-errno, "%s", words[1]) : transfer(c, "ExportVolume", words[0], fd);
        }
        if (isatty(STDOUT_FILENO))
                return ctl_error("volume export: a terminal cannot take an archive; name a file");
        return transfer(c, "ExportVolume", words[0], STDOUT_FILENO);
}

static int volume_import(Ctl *c, char **words) {
        autoclose int fd = -EBADF;

        if (!words[0] || (words[1] && words[2]))
                return ctl_error("volume import takes a volume and a file, or \"-\" for standard input");
        if (!words[1] || streq(words[1], "-"))
                return transfer(c, "ImportVolume", words[0], STDIN_FILENO);
        fd = open(words[1], O_RDONLY | O_CLOEXEC);
        return fd < 0 ? ctl_errno(-errno, "%s", words[1]) : transfer(c, "ImportVolume", words[0], fd);
}

int verb_volume(Ctl *c, char **words) {
        static const Column columns[] = {
                { "NAME", "name", 0 },
                { "UNITS", "units", 0 },
                { "CREATED", "created", COLUMN_TIME },
                { "DEVICE", "device", COLUMN_CUT },
                { "PATH", "path", COLUMN_CUT },
        };
        const char *what = words[1] ? words[1] : "list";

        if (streq(what, "list"))
                return store_list(c, "ListVolumes", columns, ELEMENTSOF(columns));
        if (streq(what, "inspect"))
                return store_inspect(c, "ListVolumes", words + 2);
        if (streq(what, "rm"))
                return store_remove_each(c, "RemoveVolume", words + 2);
        if (streq(what, "prune"))
                return volume_prune(c, words + 2);
        if (streq(what, "export"))
                return volume_export(c, words + 2);
        if (streq(what, "import"))
                return volume_import(c, words + 2);
        return ctl_error("volume %s: it is list, inspect, rm, prune, export or import", what);
}
