/* org.nsunits1.Manager: files of containers. */
#include <stdlib.h>

#include "bus/bus-internal.h"

/* Who is asked about, of a call of root's. */
static int begin(Bus *b, sd_bus_message *m, Unit **ret, sd_bus_error *error) {
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        *ret = manager_get_unit(b->manager, name);
        if (!*ret)
                return sd_bus_error_setf(error, BUS_ERROR_NO_SUCH_UNIT, "%s is not loaded", name);
        return 0;
}

static void on_done(int r, const char *text, void *data) {
        /* A file that is missing is no missing unit. */
        bus_answer_later(data, r == -ENOENT ? -EIO : r, ABOUT_UNIT, text, false);
}

static void on_committed(int r, const char *text, void *data) {
        bus_answer_later(data, r == -ENOENT ? -EIO : r, ABOUT_IMAGE, text, true);
}

/* 1 when the answer comes later; else the reference that it would have needed is dropped. */
static int await(sd_bus_message *m, int r, const Fault *fault, sd_bus_error *error) {
        if (r >= 0)
                return 1;
        sd_bus_message_unref(m);
        return bus_error_set(error, ABOUT_UNIT, r, fault, NULL);
}

static int copy(Bus *b, sd_bus_message *m, bool in, sd_bus_error *error) {
        CopyCall call = { .in = in };
        Fault fault = {};
        int r;

        r = begin(b, m, &call.unit, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "shs", &call.path, &call.fd, &call.other);
        if (r < 0)
                return r;
        if (!call.other[0])
                call.other = NULL;
        r = manager_copy_files(b->manager, &call, on_done, sd_bus_message_ref(m), &fault);
        return await(m, r, &fault, error);
}

int on_copy_from_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return copy(userdata, m, false, error);
}

int on_copy_to_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return copy(userdata, m, true, error);
}

int on_diff_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        Fault fault = {};
        Unit *u;
        int fd, r;

        r = begin(b, m, &u, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "h", &fd);
        if (r < 0)
                return r;
        r = manager_diff_files(b->manager, u, fd, on_done, sd_bus_message_ref(m), &fault);
        return await(m, r, &fault, error);
}

int on_commit_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *comment;
        Bus *b = userdata;
        Fault fault = {};
        Unit *u;
        int r;

        r = begin(b, m, &u, error);
        if (r >= 0)
                r = sd_bus_message_read(m, "ss", &name, &comment);
        if (r < 0)
                return r;
        r = manager_commit_unit(b->manager, u, name, comment, on_committed, sd_bus_message_ref(m), &fault);
        return await(m, r, &fault, error);
}

int on_mount_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *path = NULL;
        Fault fault = {};
        Unit *u;
        int r;

        r = begin(userdata, m, &u, error);
        if (r < 0)
                return r;
        r = manager_mount_files(u, &path, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, &fault, NULL)
                     : sd_bus_reply_method_return(m, "s", path);
}

int on_unmount_unit(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Fault fault = {};
        Unit *u;
        int r;

        r = begin(userdata, m, &u, error);
        if (r < 0)
                return r;
        r = manager_unmount_files(u, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_UNIT, r, &fault, NULL)
                     : sd_bus_reply_method_return(m, NULL);
}
