/* org.nsunits1.Manager: images, volumes, networks, links, timers. Lists travel as JSON, which may grow keys.
 */
#include <stdlib.h>

#include "bus/bus-internal.h"

static int reply_json(sd_bus_message *m, int r, ErrorSubject about, const char *text, const Fault *fault,
                      sd_bus_error *error) {
        return r < 0 ? bus_error_set(error, about, r, fault, NULL) : sd_bus_reply_method_return(m, "s", text);
}

int on_list_images(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        Fault fault = {};
        int r = manager_list_images(b->manager, &text, &fault);

        return reply_json(m, r, ABOUT_IMAGE, text, &fault, error);
}

int on_list_volumes(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        Fault fault = {};
        int r = manager_list_volumes(b->manager, &text, &fault);

        return reply_json(m, r, ABOUT_VOLUME, text, &fault, error);
}

int on_list_networks(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        int r = manager_list_networks(b->manager, &text);

        return reply_json(m, r, ABOUT_UNIT, text, NULL, error);
}

int on_list_links(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        int r = manager_list_links(b->manager, &text);

        return reply_json(m, r, ABOUT_UNIT, text, NULL, error);
}

int on_list_ports(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        int r = manager_list_ports(b->manager, &text);

        return reply_json(m, r, ABOUT_UNIT, text, NULL, error);
}

int on_trace_port(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *protocol, *from;
        autofree char *text = NULL;
        Bus *b = userdata;
        Fault fault = {};
        uint16_t port;
        int r;

        r = sd_bus_message_read(m, "qss", &port, &protocol, &from);
        if (r < 0)
                return r;
        r = manager_trace_port(b->manager, port, protocol, from, &text, &fault);
        return reply_json(m, r, ABOUT_UNIT, text, &fault, error);
}

int on_resolve(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        const char *name, *network;
        Bus *b = userdata;
        int r;

        r = sd_bus_message_read(m, "ss", &name, &network);
        if (r < 0)
                return r;
        r = manager_resolve(b->manager, name, network[0] ? network : NULL, &text);
        return reply_json(m, r, ABOUT_UNIT, text, NULL, error);
}

int on_network_diff(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        int r = manager_network_diff(b->manager, &text);

        return reply_json(m, r, ABOUT_UNIT, text, NULL, error);
}

int on_list_timers(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        int r = manager_list_timers(b->manager, &text);

        return reply_json(m, r, ABOUT_UNIT, text, NULL, error);
}

/* The configuration of an image has its environment in it, where people put passwords: not for everybody. */
int on_inspect_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        const char *reference;
        Fault fault = {};
        int r;

        r = sd_bus_message_read(m, "s", &reference);
        if (r < 0)
                return r;

        r = manager_inspect_image(b->manager, reference, &text, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_IMAGE, r, &fault, reference)
                     : sd_bus_reply_method_return(m, "s", text);
}

static int remove_thing(Bus *b, sd_bus_message *m, int (*remove_it)(Manager *, const char *, Fault *),
                        ErrorSubject about, sd_bus_error *error) {
        const char *name;
        Fault fault = {};
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = remove_it(b->manager, name, &fault);
        return r < 0 ? bus_error_set(error, about, r, &fault, name) : sd_bus_reply_method_return(m, NULL);
}

int on_remove_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return remove_thing(userdata, m, manager_remove_image, ABOUT_IMAGE, error);
}

int on_remove_volume(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return remove_thing(userdata, m, manager_remove_volume, ABOUT_VOLUME, error);
}

/* Answers to requests that are under way: @data is the call, which we hold. */
static void on_text(int r, const char *text, void *data) {
        bus_answer_later(data, r, ABOUT_IMAGE, text, true);
}

static void on_imported(int r, const char *text, void *data) {
        /* A missing source is no missing image. */
        on_text(r == -ENOENT ? -EIO : r, text, data);
}

static void on_exported(int r, const char *text, void *data) {
        bus_answer_later(data, r, ABOUT_IMAGE, text, false);
}

/* What could not even begin; else the call is held until its answer. */
static int begun(sd_bus_message *m, int r, const char *what, sd_bus_error *error) {
        if (r >= 0)
                return 1;
        sd_bus_message_unref(m);
        return bus_error_set(error, ABOUT_IMAGE, r, NULL, what);
}

static int begin_import(Bus *b, sd_bus_message *m, const char *name, const char *path, int fd,
                        sd_bus_error *error) {
        int r;

        r = manager_import_image(b->manager, name[0] ? name : NULL, path, fd, on_imported,
                                 sd_bus_message_ref(m));
        return begun(m, r, "import", error);
}

int on_import_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *path;
        int r;

        r = sd_bus_message_read(m, "ss", &name, &path);
        if (r < 0)
                return r;
        if (path[0] != '/')
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "\"%s\" is not an absolute path",
                                         path);

        return begin_import(userdata, m, name, path, -EBADF, error);
}

int on_import_image_from_fd(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name;
        int fd, r;

        r = sd_bus_message_read(m, "sh", &name, &fd);
        return r < 0 ? r : begin_import(userdata, m, name, NULL, fd, error);
}

int on_tag_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *reference, *name;
        Bus *b = userdata;
        Fault fault = {};
        int r;

        r = sd_bus_message_read(m, "ss", &reference, &name);
        if (r < 0)
                return r;

        r = manager_tag_image(b->manager, reference, name, &fault);
        return r < 0 ? bus_error_set(error, ABOUT_IMAGE, r, &fault, reference)
                     : sd_bus_reply_method_return(m, NULL);
}

int on_prune_images(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        autofree char *text = NULL;
        Bus *b = userdata;
        Fault fault = {};
        int all, r;

        r = sd_bus_message_read(m, "b", &all);
        if (r < 0)
                return r;

        r = manager_prune_images(b->manager, all, &text, &fault);
        return reply_json(m, r, ABOUT_IMAGE, text, &fault, error);
}

int on_export_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *reference;
        Bus *b = userdata;
        int fd, r;

        r = sd_bus_message_read(m, "sh", &reference, &fd);
        if (r < 0)
                return r;
        r = manager_export_image(b->manager, reference, fd, on_exported, sd_bus_message_ref(m));
        return begun(m, r, "export", error);
}

int on_check_store(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;
        int repair, r;

        r = sd_bus_message_read(m, "b", &repair);
        if (r < 0)
                return r;
        return begun(m, manager_check_store(b->manager, repair, on_text, sd_bus_message_ref(m)), "check",
                     error);
}

/* Looking at every file of the store is work that not everybody may have done. */
int on_store_usage(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Bus *b = userdata;

        return begun(m, manager_store_usage(b->manager, on_text, sd_bus_message_ref(m)), "usage", error);
}
