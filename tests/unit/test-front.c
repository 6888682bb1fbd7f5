/* ctl/front: which command lines it takes, and what it says to sd-bus and understands of it. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "basic/bus-names.h"
#include "basic/cleanup.h"
#include "basic/macro.h"
#include "ctl/front/request.h"
#include "ctl/front/wire.h"
#include "unit-test.h"

static Request request;

#define READ(...)                                                                                 \
        ({                                                                                        \
                const char *words_[] = { __VA_ARGS__ };                                           \
                request_read(&request, (char *const *) words_, sizeof(words_) / sizeof(*words_)); \
        })

START_TEST(names_are_completed) {
        ck_assert(READ("restart", "web", "back.network", "job@1", "a.b.container"));
        ck_assert_str_eq(request.verb->name, "restart");
        ck_assert_str_eq(request.verb->method, "RestartUnits");
        ck_assert_uint_eq(request.n, 4);
        ck_assert_str_eq(request.units[0], "web.container");
        ck_assert_str_eq(request.units[1], "back.network");
        ck_assert_str_eq(request.units[2], "job@1.container");
        ck_assert_str_eq(request.units[3], "a.b.container");
}
END_TEST

START_TEST(a_unit_counts_once) {
        ck_assert(READ("stop", "web", "db", "web.container"));
        ck_assert_uint_eq(request.n, 2);
        ck_assert_str_eq(request.units[1], "db.container");
}
END_TEST

START_TEST(states_may_be_asked_for_quietly) {
        ck_assert(READ("is-active", "-q", "web"));
        ck_assert(request.quiet);
        ck_assert_str_eq(request.units[0], "web.container");
        ck_assert(READ("is-failed", "web", "--quiet", "db"));
        ck_assert(request.quiet);
        ck_assert_uint_eq(request.n, 2);
        ck_assert(READ("is-active", "web"));
        ck_assert(!request.quiet);
        ck_assert(!READ("is-active", "-q"));
        ck_assert(!READ("is-failed"));
        ck_assert(!READ("is-active", "--json", "web"));
}
END_TEST

START_TEST(the_rest_is_for_nsctl_proper) {
        const char *many[REQUEST_UNITS_MAX + 2];
        char name[UNIT_NAME_MAX + 1];

        ck_assert(!READ("start"));
        ck_assert(!READ("status", "web"));
        ck_assert(!READ("start", "--no-block", "web"));
        ck_assert(!READ("start", "web", "-q"));
        ck_assert(!READ("--config=x", "start", "web"));
        ck_assert(!READ("stop", "web*"));
        ck_assert(!READ("stop", "web.service"));
        ck_assert(!READ("stop", "web.1"));
        ck_assert(!READ("stop", ""));
        ck_assert(!READ("start", "w\xc3\xa4"));

        memset(name, 'a', UNIT_NAME_MAX);
        name[UNIT_NAME_MAX] = '\0';
        ck_assert(!READ("start", name));
        for (size_t i = 0; i < ELEMENTSOF(many); i++)
                many[i] = i == 0 ? "start" : "web";
        ck_assert(!request_read(&request, (char *const *) many, ELEMENTSOF(many)));
        ck_assert(request_read(&request, (char *const *) many, ELEMENTSOF(many) - 1));
}
END_TEST

/* What is taken must come to the same name as it would in nsctl proper. */
START_TEST(names_are_those_of_nsctl_proper) {
        static const char letters[] = "a.@-:_\\*Z0 ";
        static const char *const ends[] = {
                "", ".container", ".network", ".service", ".kube", ".pod.volume"
        };
        size_t taken = 0;

        for (size_t i = 0; i < 11 * 11 * 11 * 11 * ELEMENTSOF(ends); i++) {
                char word[32] = { letters[i % 11], letters[i / 11 % 11], letters[i / 121 % 11],
                                  letters[i / 1331 % 11] };
                autofree char *name = NULL;

                (void) strcat(word, ends[i / 14641]);
                if (!READ("start", word))
                        continue;
                taken++;
                ck_assert_msg(unit_name_complete(word, &name) == 0, "%s", word);
                ck_assert_str_eq(request.units[0], name);
        }
        ck_assert_uint_gt(taken, 10000);
}
END_TEST

typedef struct Server {
        sd_bus *bus;
        int fd; /* the client's end */
        unsigned calls;
        bool refuse;
} Server;

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Server *s = userdata;
        const char *unit, *mode;
        int r;

        ck_assert_str_eq(sd_bus_message_get_path(m), BUS_PATH);
        ck_assert_str_eq(sd_bus_message_get_interface(m), BUS_MANAGER_INTERFACE);
        if (s->calls++ == 0) {
                ck_assert_str_eq(sd_bus_message_get_member(m), "SubscribeToJobs");
                return sd_bus_reply_method_return(m, NULL);
        }
        ck_assert_str_eq(sd_bus_message_get_member(m), "StopUnits");
        ck_assert_str_eq(sd_bus_message_get_signature(m, true), "ass");
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "s"), 0);
        for (size_t i = 0; i < request.n; i++) {
                ck_assert_int_gt(sd_bus_message_read(m, "s", &unit), 0);
                ck_assert_str_eq(unit, request.units[i]);
        }
        ck_assert_int_ge(sd_bus_message_exit_container(m), 0);
        ck_assert_int_gt(sd_bus_message_read(m, "s", &mode), 0);
        ck_assert_str_eq(mode, "replace");

        if (s->refuse)
                return sd_bus_error_set(error, BUS_ERROR_NO_SUCH_UNIT, "none");
        r = sd_bus_reply_method_return(m, "ao", 2, BUS_JOB_PREFIX "/7", "/");
        return r < 0 ? r
                     : sd_bus_emit_signal(s->bus, BUS_PATH, BUS_MANAGER_INTERFACE, "JobRemoved", "uoss", 7,
                                          BUS_JOB_PREFIX "/7", "web.container", "timeout");
}

/* What the server has answered to all that the front sends at once. free(). */
static uint8_t *converse(Server *s, size_t *ret_size) {
        uint8_t out[4096], *in = malloc(8192);
        WireOut o = { .data = out, .size = sizeof(out) };
        int fds[2];
        ssize_t n;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        ck_assert_int_ge(sd_bus_new(&s->bus), 0);
        ck_assert_int_ge(sd_bus_set_fd(s->bus, fds[0], fds[0]), 0);
        ck_assert_int_ge(sd_bus_set_server(s->bus, true, (sd_id128_t){ .bytes = { 1 } }), 0);
        ck_assert_int_ge(sd_bus_set_sender(s->bus, BUS_SERVICE), 0);
        ck_assert_int_ge(sd_bus_start(s->bus), 0);
        ck_assert_int_ge(sd_bus_add_filter(s->bus, NULL, on_call, s), 0);

        wire_hello(&o);
        wire_call(&o, 1, "SubscribeToJobs", NULL, 0, NULL);
        wire_call(&o, 2, request.verb->method, request.units, request.n, "replace");
        ck_assert(!o.full);
        ck_assert_int_eq(write(fds[1], out, o.n), (ssize_t) o.n);
        while (sd_bus_process(s->bus, NULL) > 0)
                ;
        ck_assert_int_ge(sd_bus_flush(s->bus), 0);
        ck_assert_uint_eq(s->calls, 2);

        n = read(fds[1], in, 8192);
        ck_assert_int_gt(n, 0);
        (void) close(fds[1]);
        s->bus = sd_bus_close_unref(s->bus);
        *ret_size = (size_t) n;
        return in;
}

START_TEST(sd_bus_understands_and_is_understood) {
        autofree uint8_t *in = NULL;
        Server s = {};
        WireMessage m;
        size_t n, at;
        long r;

        ck_assert(READ("stop", "web", "a-name-of-another-length"));
        in = converse(&s, &n);

        r = wire_take_hello(in, n);
        ck_assert_int_gt(r, 0);
        at = (size_t) r;
        ck_assert_int_gt(r = wire_take(in + at, n - at, &m), 0);
        ck_assert_uint_eq(m.type, WIRE_RETURN);
        ck_assert_uint_eq(m.answers, 1);

        at += (size_t) r;
        ck_assert_int_gt(r = wire_take(in + at, n - at, &m), 0);
        ck_assert_uint_eq(m.type, WIRE_RETURN);
        ck_assert_uint_eq(m.answers, 2);
        (void) wire_read_u32(&m);
        ck_assert_str_eq(wire_read_text(&m), BUS_JOB_PREFIX "/7");
        ck_assert_str_eq(wire_read_text(&m), "/");
        ck_assert(!m.broken);
        ck_assert_str_eq(wire_read_text(&m), "");
        ck_assert(m.broken);

        at += (size_t) r;
        ck_assert_int_gt(r = wire_take(in + at, n - at, &m), 0);
        ck_assert_uint_eq(m.type, WIRE_SIGNAL);
        ck_assert_str_eq(m.member, "JobRemoved");
        ck_assert_uint_eq(wire_read_u32(&m), 7);
        ck_assert_str_eq(wire_read_text(&m), BUS_JOB_PREFIX "/7");
        ck_assert_str_eq(wire_read_text(&m), "web.container");
        ck_assert_str_eq(wire_read_text(&m), "timeout");
        ck_assert(!m.broken);
        ck_assert_uint_eq(at + (size_t) r, n);
}
END_TEST

START_TEST(a_refusal_is_an_error) {
        autofree uint8_t *in = NULL;
        Server s = { .refuse = true };
        WireMessage m;
        size_t n, at;

        ck_assert(READ("stop", "web"));
        in = converse(&s, &n);
        at = (size_t) wire_take_hello(in, n);
        at += (size_t) wire_take(in + at, n - at, &m);
        ck_assert_int_gt(wire_take(in + at, n - at, &m), 0);
        ck_assert_uint_eq(m.type, WIRE_ERROR);
        ck_assert_uint_eq(m.answers, 2);
}
END_TEST

/* Exactly as many bytes as there are, so that a sanitizer sees who reads more. */
static long take_copy(const uint8_t *data, size_t n) {
        autofree uint8_t *copy = malloc(n ? n : 1);
        WireMessage m = {};
        long r;

        memcpy(copy, data, n);
        r = wire_take(copy, n, &m);
        for (unsigned i = 0; r > 0 && i < 8; i++)
                ck_assert_ptr_nonnull(i % 2 ? (const void *) wire_read_text(&m)
                                            : (const void *) &(uint32_t){ wire_read_u32(&m) });
        return r;
}

START_TEST(half_and_broken_messages) {
        autofree uint8_t *in = NULL;
        Server s = {};
        WireMessage m;
        size_t n, at, size;

        ck_assert(READ("stop", "web"));
        in = converse(&s, &n);
        at = (size_t) wire_take_hello(in, n);
        for (size_t i = 0; i < at; i++)
                ck_assert_int_eq(wire_take_hello(in, i), 0);
        at += (size_t) wire_take(in + at, n - at, &m);
        size = (size_t) wire_take(in + at, n - at, &m);

        for (size_t i = 0; i < size; i++)
                ck_assert_int_eq(take_copy(in + at, i), 0);
        for (size_t i = 0; i < size; i++)
                for (unsigned value = 0; value < 256; value += 5) {
                        const uint8_t before = in[at + i];

                        in[at + i] = (uint8_t) value;
                        ck_assert_int_le(take_copy(in + at, size), (long) size);
                        in[at + i] = before;
                }
        in[0] = 'R';
        ck_assert_int_eq(wire_take_hello(in, n), -1);
}
END_TEST

START_TEST(what_has_no_room_is_not_sent) {
        uint8_t out[128];
        WireOut o = { .data = out, .size = sizeof(out) };

        ck_assert(READ("stop", "web", "db"));
        wire_hello(&o);
        wire_call(&o, 2, request.verb->method, request.units, request.n, "replace");
        ck_assert(o.full);
        ck_assert_uint_le(o.n, sizeof(out));
}
END_TEST

TEST_MAIN("front", names_are_completed, a_unit_counts_once, states_may_be_asked_for_quietly,
          the_rest_is_for_nsctl_proper, names_are_those_of_nsctl_proper, sd_bus_understands_and_is_understood,
          a_refusal_is_an_error, half_and_broken_messages, what_has_no_room_is_not_sent)
