/* How libnsunits waits for jobs, with a manager that ends them when it likes, and one of before
 * SubscribeToJobs. */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/bus-names.h"
#include "basic/cleanup.h"
#include "basic/macro.h"
#include "client/nsunits.h"
#include "unit-test.h"

#define JOB BUS_JOB_PREFIX "/5"

typedef struct Server {
        int listener;
        bool before; /* it knows no SubscribeToJobs */
        unsigned n_subscribed, n_told, n_asked;
        pthread_t thread;
} Server;

static int on_subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ((Server *) userdata)->n_subscribed++;
        return sd_bus_reply_method_return(m, NULL);
}

static int on_subscribe_to_jobs(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ((Server *) userdata)->n_told++;
        return sd_bus_reply_method_return(m, NULL);
}

/* The job ends before its answer is on its way, for those who are told. */
static int end(sd_bus_message *m, const Server *s) {
        if (s->n_subscribed + s->n_told == 0)
                return 0;
        return sd_bus_emit_signal(sd_bus_message_get_bus(m), BUS_PATH, BUS_MANAGER_INTERFACE, "JobRemoved",
                                  "uoss", 5, JOB, "web.container", "done");
}

static int on_start(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int r = end(m, userdata);

        return r < 0 ? r : sd_bus_reply_method_return(m, "o", JOB);
}

static int on_start_all(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        int r = end(m, userdata);

        return r < 0 ? r : sd_bus_reply_method_return(m, "ao", 2, JOB, "/");
}

static int on_result(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        ((Server *) userdata)->n_asked++;
        return sd_bus_reply_method_return(m, "s", "done");
}

#define METHOD(name, in, out, fn) SD_BUS_METHOD(name, in, out, fn, SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        METHOD("Subscribe", NULL, NULL, on_subscribe),
        METHOD("StartUnit", "ss", "o", on_start),
        METHOD("StartUnits", "ass", "ao", on_start_all),
        METHOD("GetJobResult", "u", "s", on_result),
        SD_BUS_SIGNAL("JobRemoved", "uoss", 0),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable later_vtable[] = {
        SD_BUS_VTABLE_START(0),
        METHOD("SubscribeToJobs", NULL, NULL, on_subscribe_to_jobs),
        SD_BUS_VTABLE_END,
};

/* One client, until it hangs up. */
static void *serve(void *data) {
        Server *s = data;
        autoclose int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
        sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r >= 0)
                r = sd_bus_set_fd(bus, fd, fd);
        if (r >= 0) {
                (void) take_fd(fd);
                r = sd_bus_set_server(bus, true, (sd_id128_t){ .bytes = { 1 } });
        }
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_MANAGER_INTERFACE, vtable, s);
        if (r >= 0 && !s->before)
                r = sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_MANAGER_INTERFACE, later_vtable, s);
        if (r >= 0)
                r = sd_bus_start(bus);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        sd_bus_close_unref(bus);
        return NULL;
}

static Nsunits *set_up(Server *s, bool before) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char dir[] = "/tmp/test-jobs.XXXXXX";
        Nsunits *n;

        ck_assert_ptr_nonnull(mkdtemp(dir));
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/bus", dir);
        *s = (Server){ .listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .before = before };
        ck_assert_int_eq(bind(s->listener, (struct sockaddr *) &address, sizeof(address)), 0);
        ck_assert_int_eq(listen(s->listener, 1), 0);
        ck_assert_int_eq(pthread_create(&s->thread, NULL, serve, s), 0);
        ck_assert_int_eq(nsunits_open_socket(address.sun_path, &n), 0);
        ck_assert_int_eq(unlink(address.sun_path), 0);
        ck_assert_int_eq(rmdir(dir), 0);
        return n;
}

static void tear_down(Server *s, Nsunits *n) {
        nsunits_close(n);
        ck_assert_int_eq(pthread_join(s->thread, NULL), 0);
        (void) close(s->listener);
}

START_TEST(only_ends_of_jobs_are_wanted) {
        Server s;
        Nsunits *n = set_up(&s, false);

        ck_assert_int_eq(nsunits_start(n, "web.container"), 0);
        tear_down(&s, n);
        ck_assert_uint_eq(s.n_told, 1);
        ck_assert_uint_eq(s.n_subscribed, 0);
        ck_assert_uint_eq(s.n_asked, 0);
}
END_TEST

/* A job that has ended while that was found out is asked for. */
START_TEST(a_manager_of_before_tells_all) {
        Server s;
        Nsunits *n = set_up(&s, true);

        ck_assert_int_eq(nsunits_start(n, "web.container"), 0);
        tear_down(&s, n);
        ck_assert_uint_eq(s.n_subscribed, 1);
        ck_assert_uint_eq(s.n_asked, 1);
}
END_TEST

START_TEST(many_units_are_one_call) {
        char *const units[] = { (char *) "web.container", (char *) "db.container", NULL };
        const char *unit, *result;
        NsunitsJobs *j;
        size_t i = 0;
        Server s;
        Nsunits *n = set_up(&s, false);

        ck_assert_int_eq(nsunits_jobs_new(n, &j), 0);
        ck_assert_int_eq(nsunits_jobs_request_all(j, "StartUnits", units, "replace"), 0);
        ck_assert_int_eq(nsunits_jobs_wait(j, NSUNITS_FOREVER), 0);
        ck_assert_int_eq(nsunits_jobs_next(j, &i, &unit, &result), 1);
        ck_assert_str_eq(unit, "web.container");
        ck_assert_str_eq(result, "done");
        ck_assert_int_eq(nsunits_jobs_next(j, &i, &unit, &result), 1);
        ck_assert_str_eq(unit, "db.container");
        ck_assert_str_eq(result, "done");
        ck_assert_int_eq(nsunits_jobs_next(j, &i, &unit, &result), 0);
        nsunits_jobs_free(j);
        tear_down(&s, n);
        ck_assert_uint_eq(s.n_asked, 0);
}
END_TEST

/* Somebody else may have asked for it before the manager has heard of us. */
START_TEST(the_end_of_a_job_from_elsewhere_is_not_missed) {
        NsunitsJobs *j;
        Server s;
        Nsunits *n = set_up(&s, false);

        ck_assert_int_eq(nsunits_jobs_new(n, &j), 0);
        ck_assert_int_eq(nsunits_jobs_add(j, JOB, "web.container"), 0);
        ck_assert_int_eq(nsunits_jobs_wait(j, NSUNITS_FOREVER), 0);
        nsunits_jobs_free(j);
        tear_down(&s, n);
        ck_assert_uint_eq(s.n_asked, 1);
}
END_TEST

TEST_MAIN("jobs", only_ends_of_jobs_are_wanted, a_manager_of_before_tells_all, many_units_are_one_call,
          the_end_of_a_job_from_elsewhere_is_not_missed)
