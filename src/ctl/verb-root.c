/* nsctl diff-root, commit, mount, umount: what a container has written, and its root for people. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/table.h"
#include "ctl/text.h"

#define DIFF_MAX ((size_t) 1 << 30)

static int add_change(json_t *list, const char *record) {
        static const struct {
                char letter;
                const char *word;
        } kinds[] = { { 'A', "added" }, { 'C', "changed" }, { 'D', "deleted" } };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (kinds[i].letter == record[0]) {
                        /* A name that is no UTF-8 has no place in JSON. */
                        json_t *o = json_pack("{s:s, s:s}", "change", kinds[i].word, "path", record + 1);

                        return o ? json_array_append_new(list, o) : 0;
                }
        return 0;
}

static void print_records(Ctl *c, const char *text, size_t size) {
        autojson json_t *list = c->options.json ? json_array() : NULL;

        for (const char *p = text; p < text + size; p += strlen(p) + 1)
                if (list)
                        (void) add_change(list, p);
                else {
                        autofree char *visible = text_escape(p + 1); /* a container chooses its names */

                        printf("%c %s\n", p[0], strempty(visible));
                }
        if (list)
                (void) json_print(list);
}

/* It goes to a file in memory: who reads a pipe could not wait for the answer of the call meanwhile. */
int verb_diff_root(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autofree char *name = NULL, *text = NULL;
        autoclose int fd = -EBADF;
        size_t size;
        int r;

        if (ctl_unit_name(words[1], &name) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        fd = memfd_create("nsctl-diff", MFD_CLOEXEC);
        if (fd < 0)
                return ctl_errno(-errno, "diff-root");
        r = client_call(c, NULL, NULL, "DiffUnit", &error, NULL, "sh", name, fd);
        if (r < 0)
                return client_failure(name, r, &error);
        r = lseek(fd, 0, SEEK_SET) < 0 ? -errno : file_read_fd(fd, DIFF_MAX, &text, &size);
        if (r < 0)
                return ctl_errno(r, "diff-root");
        print_records(c, text, size);
        return STATUS_OK;
}

int verb_commit(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autofree char *name = NULL;
        const char *id;
        int r;

        if (ctl_unit_name(words[1], &name) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, "CommitUnit", &error, &reply, "sss", name, words[2],
                        strempty(c->options.message));
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &id);
        if (r < 0)
                return client_failure(name, r, &error);
        if (!c->options.quiet)
                puts(id);
        return STATUS_OK;
}

int verb_mount(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autofree char *name = NULL;
        const char *path;
        int r;

        if (ctl_unit_name(words[1], &name) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, "MountUnit", &error, &reply, "s", name);
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &path);
        if (r < 0)
                return client_failure(name, r, &error);
        puts(path);
        return STATUS_OK;
}

int verb_umount(Ctl *c, char **words) {
        autostrv char **names = NULL;
        int status = STATUS_OK;

        if (ctl_unit_names(words + 1, &names) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        STRV_FOREACH (name, names) {
                autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
                int r = client_call(c, NULL, NULL, "UnmountUnit", &error, NULL, "s", *name);

                if (r < 0)
                        status = client_failure(*name, r, &error);
        }
        return status;
}
