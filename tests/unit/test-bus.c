/* bus: served on a socket pair from one process, with a manager that only remembers what it was asked. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-bus.h>

#include "basic/bus-names.h"
#include "basic/file.h"
#include "basic/strv.h"
#include "bus/bus-internal.h"
#include "bus/bus.h"
#include "failing-memory.h"
#include "manager/priority.h"
#include "spec/container-section.h"
#include "spec/key.h"
#include "unit-test.h"

/* The manager. */

ENUM_DEFINE(LoadState, load_state, LOAD_STATE, LOAD_STATE_LIST)

struct Unit {
        const char *name;
        Machine machine;
        UnitSpec *spec;
        bool triggered;
};

struct Manager {
        ManagerConfig config;
        const ManagerListener *listener;
        void *data;
        char **enqueued;
        JobType type;
        JobMode mode;
        Unit *killed;
        int signal;
        char asker[128];
        uint32_t asked_job;
        ManagerExecFn exec_done;
        void *exec_data, *exec_forgotten;
        ManagerReplyFn import_reply;
        void *import_data;
        int import_fd;
        ImagePullCall pull; /* its texts are gone */
        char pull_reference[32], pull_platform[32];
        ImagePullFn pull_event;
        ManagerReplyFn pull_done;
        void *pull_data;
        bool pull_forgotten;
        char update_units[32];
        bool update_dry;
        ManagerReplyFn update_done;
        void *update_data;
};

static Unit units[] = { { .name = "db.container" }, { .name = "web.container" } };

void manager_set_listener(Manager *m, const ManagerListener *listener, void *data) {
        m->listener = listener;
        m->data = data;
}

const ManagerConfig *manager_config(const Manager *m) {
        return &m->config;
}

int manager_reload(Manager *m) {
        return 0;
}

Unit *manager_find_by_pid(const Manager *m, pid_t pid) {
        return pid == 100 ? &units[1] : NULL;
}

Unit *manager_get_unit(const Manager *m, const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                if (streq(units[i].name, name))
                        return &units[i];
        return NULL;
}

int manager_load_unit(Manager *m, const char *name, Unit **ret) {
        *ret = manager_get_unit(m, name);
        return *ret ? 0 : -ENOENT;
}

/* The web server has an alias. */
int unit_names(const Unit *u, char ***ret) {
        int r = strv_add(ret, u->name);

        return r >= 0 && streq(u->name, "web.container") ? strv_add(ret, "www.container") : r;
}

Unit *manager_next_unit(const Manager *m, const Unit *u) {
        size_t i = u ? (size_t) (u - units) + 1 : 0;

        return i < ELEMENTSOF(units) ? &units[i] : NULL;
}

/* Jobs are numbered from 7. The db is what it should be already. */
int manager_enqueue(Manager *m, char *const *names, JobType type, JobMode mode, uint32_t **ret_ids,
                    Fault *fault) {
        size_t n = strv_length(names);

        m->enqueued = strv_free(m->enqueued);
        ck_assert_int_eq(strv_copy(names, &m->enqueued), 0);
        m->type = type;
        m->mode = mode;
        if (mode == JOB_MODE_FAIL)
                return fault_set(fault, "job", -EEXIST, "%s is being stopped", names[0]);

        *ret_ids = calloc(n, sizeof(**ret_ids));
        for (size_t i = 0; i < n; i++)
                (*ret_ids)[i] = streq(names[i], "db.container") && type == JOB_START ? 0 : (uint32_t) (7 + i);
        return 0;
}

int manager_next_job(const Manager *m, uint32_t id, JobInfo *ret) {
        *ret = (JobInfo){ .id = 7, .unit = &units[1], .type = JOB_START, .state = JOB_RUNNING };
        return id < 7;
}

uint32_t manager_pass_job(Manager *m, Unit *u, JobType type) {
        return 9;
}

int manager_cancel_job(Manager *m, uint32_t id) {
        return id == 7 ? 0 : -ENOENT;
}

void manager_may_start(Unit *u, int r, const Fault *fault) {
}

void manager_note_host(Unit *u) {
}

void manager_note_asker(Manager *m, uint32_t id, const char *by) {
        m->asked_job = id;
        (void) snprintf(m->asker, sizeof(m->asker), "%s", by);
}

int manager_next_obstacle(const Manager *m, uint32_t of, uint32_t id, JobInfo *ret) {
        *ret = (JobInfo){ .id = 5, .unit = &units[0], .type = JOB_START, .state = JOB_RUNNING };
        return of == 7 && id < 5;
}

ENUM_DEFINE(FreezerState, freezer_state, FREEZER, FREEZER_STATE_LIST)

FreezerState unit_freezer_state(const Unit *u) {
        return FREEZER_RUNNING;
}

int manager_lend_stdio(Unit *u, const int fds[3], bool terminal, Fault *fault) {
        return terminal ? fault_set(fault, "run", -EBUSY, "%s is not at rest", u->name) : 0;
}

void manager_return_stdio(Unit *u) {
}

int manager_freeze_unit(Unit *u, bool freeze, Fault *fault) {
        return freeze ? fault_set(fault, "freeze", -EBUSY, "%s is being started or stopped", u->name) : 0;
}

json_t *unit_deaths(const Unit *u) {
        return json_pack("[{s:s, s:i, s:b, s:[s, s]}]", "Code", "exited", "Status", 3, "CoreDumped", 0,
                         "LogLines", "one", "two");
}

JobResult manager_job_result(const Manager *m, uint32_t id) {
        return id == 6 ? JOB_RESULT_TIMEOUT : JOB_RESULT_INVALID_;
}

int manager_reexecute(Manager *m, Fault *fault) {
        return fault_set(fault, "execute", -ENOENT, "/usr/sbin/nsunitd");
}

int manager_kill_unit(Manager *m, Unit *u, KillWhom whom, int sig, const char *by) {
        m->killed = u;
        m->signal = sig;
        (void) snprintf(m->asker, sizeof(m->asker), "%s", by);
        return u->machine.state == MACHINE_RUNNING ? 0 : -ESRCH;
}

void manager_reset_failed(Manager *m, Unit *u) {
}

int manager_import_image(Manager *m, const char *name, const char *path, int fd, ManagerReplyFn reply,
                         void *data) {
        m->import_reply = reply;
        m->import_data = data;
        m->import_fd = fd;
        return 0;
}

struct ImagePull {
        Manager *manager;
};

static ImagePull the_pull;

int manager_pull_image(Manager *m, const ImagePullCall *call, ImagePullFn event, ManagerReplyFn done,
                       void *data, ImagePull **ret, Fault *fault) {
        if (streq(call->reference, "a//b"))
                return fault_set(fault, "pull", -EINVAL, "%s", call->reference);
        m->pull = *call;
        strcpy(m->pull_reference, call->reference);
        strcpy(m->pull_platform, strempty(call->platform));
        m->pull_event = event;
        m->pull_done = done;
        m->pull_data = data;
        the_pull.manager = m;
        *ret = &the_pull;
        return 0;
}

void manager_pull_forget(ImagePull *p) {
        p->manager->pull_forgotten = true;
}

int manager_auto_update(Manager *m, char *const *names, bool dry, ManagerReplyFn done, void *data,
                        Fault *fault) {
        autofree char *words = names ? strv_join(names, " ") : NULL;

        if (names && streq(names[0], "db.container"))
                return fault_set(fault, "update", -EINVAL, "%s", names[0]);
        (void) snprintf(m->update_units, sizeof(m->update_units), "%s", strempty(words));
        m->update_dry = dry;
        m->update_done = done;
        m->update_data = data;
        return 0;
}

int manager_list_images(Manager *m, char **ret, Fault *fault) {
        *ret = strdup("[]");
        return 0;
}

int manager_inspect_image(Manager *m, const char *reference, char **ret, Fault *fault) {
        return -ENOENT;
}

int manager_remove_image(Manager *m, const char *reference, Fault *fault) {
        return fault_set(fault, "remove image", -EBUSY, "%s", reference);
}

int manager_tag_image(Manager *m, const char *reference, const char *name, Fault *fault) {
        return fault_set(fault, "name", -EINVAL, "%s", name);
}

int manager_prune_images(Manager *m, bool all, char **ret, Fault *fault) {
        *ret = strdup(all ? "[1]" : "[]");
        return 0;
}

/* Answers at once what a worker would answer later. */
int manager_export_image(Manager *m, const char *reference, int fd, ManagerReplyFn reply, void *data) {
        reply(write(fd, reference, strlen(reference)) < 0 ? -EIO : -ENOENT, "image x: gone", data);
        return 0;
}

int manager_check_store(Manager *m, bool repair, ManagerReplyFn reply, void *data) {
        reply(0, repair ? "{\"repair\":1}" : "{}", data);
        return 0;
}

int manager_store_usage(Manager *m, ManagerReplyFn reply, void *data) {
        return -ENOMEM;
}

int manager_list_volumes(Manager *m, char **ret, Fault *fault) {
        return manager_list_images(m, ret, fault);
}

int manager_remove_volume(Manager *m, const char *name, Fault *fault) {
        return 0;
}

int manager_copy_files(Manager *m, const CopyCall *call, ManagerReplyFn reply, void *data, Fault *fault) {
        return -EOPNOTSUPP;
}

int manager_diff_files(Manager *m, Unit *u, int fd, ManagerReplyFn reply, void *data, Fault *fault) {
        return -EOPNOTSUPP;
}

int manager_commit_unit(Manager *m, Unit *u, const char *name, const char *comment, ManagerReplyFn reply,
                        void *data, Fault *fault) {
        return -EOPNOTSUPP;
}

int manager_mount_files(Unit *u, char **ret, Fault *fault) {
        return -EOPNOTSUPP;
}

int manager_unmount_files(Unit *u, Fault *fault) {
        return -EOPNOTSUPP;
}

int manager_prune_volumes(Manager *m, bool all, char **ret, Fault *fault) {
        return -EOPNOTSUPP;
}

int manager_copy_volume(Manager *m, const char *name, bool in, int fd, ManagerReplyFn reply, void *data,
                        Fault *fault) {
        return -EOPNOTSUPP;
}

int manager_list_networks(Manager *m, char **ret) {
        return manager_list_images(m, ret, NULL);
}

int manager_list_links(Manager *m, char **ret) {
        return manager_list_images(m, ret, NULL);
}

int manager_list_ports(Manager *m, char **ret) {
        return manager_list_images(m, ret, NULL);
}

int manager_trace_port(Manager *m, uint16_t port, const char *protocol, const char *from, char **ret,
                       Fault *fault) {
        return manager_list_images(m, ret, fault);
}

int manager_resolve(Manager *m, const char *name, const char *network, char **ret) {
        return manager_list_images(m, ret, NULL);
}

int manager_network_diff(Manager *m, char **ret) {
        return manager_list_images(m, ret, NULL);
}

int manager_list_timers(Manager *m, char **ret) {
        return manager_list_images(m, ret, NULL);
}

void manager_trigger_unit(Unit *u, bool on) {
        u->triggered = on;
}

int manager_exec(Manager *m, const ExecCall *call, ManagerExecFn done, void *data, int *ret_terminal,
                 pid_t *ret_pid, Fault *fault) {
        if (streq(call->argv[0], "/missing"))
                return fault_set(fault, "exec", -ENOENT, "%s", call->argv[0]);
        m->exec_done = done;
        m->exec_data = data;
        *ret_terminal = call->terminal ? open("/dev/null", O_RDWR | O_CLOEXEC) : -EBADF;
        *ret_pid = 42;
        return 0;
}

void manager_exec_forget(Manager *m, void *data) {
        m->exec_forgotten = data;
}

int manager_unit_spec_json(Manager *m, Unit *u, char **ret, Fault *fault) {
        *ret = strdup("{}");
        return 0;
}

int manager_unit_plan(Manager *m, Unit *u, char **ret, Fault *fault) {
        *ret = strdup("clone3");
        return 0;
}

int manager_unit_texts(Unit *u, UnitTexts *ret, Fault *fault) {
        ret->started = strdup("[Container]\nImage=old\n");
        ret->started_file = strdup("/etc/nsunits/old.container");
        ret->loaded = strdup("[Container]\nImage=new\n");
        ret->loaded_file = strdup("/run/nsunits/new.container");
        return 0;
}

void unit_texts_clear(UnitTexts *t) {
        free(t->started);
        free(t->started_file);
        free(t->loaded);
        free(t->loaded_file);
}

const char *unit_name(const Unit *u) {
        return u->name;
}

bool unit_has_install(const Unit *u) {
        return false;
}

void unit_status(Unit *u, UnitStatus *ret) {
        *ret = (UnitStatus){
                .name = u->name,
                .load_state = LOAD_LOADED,
                .machine = &u->machine,
                .active_state = machine_active_state(u->machine.state),
                .sub_state = machine_substate_to_string(u->machine.state),
                .spec = u->spec,
        };
        ret->fault = "mount /srv/web: No such file or directory";
}

char *const *unit_firewalls(const Unit *u) {
        return NULL;
}

int unit_addresses(const Unit *u, char ***ret) {
        return strv_add(ret, "10.89.0.2/24");
}

int unit_ports(const Unit *u, char ***ret) {
        return strv_add(ret, "*:8080->80/tcp");
}

int unit_listens(const Unit *u, char ***ret) {
        return strv_add(ret, "stream *:80");
}

bool unit_needs_reload(const Unit *u) {
        return true;
}

char *unit_cgroup(const Unit *u) {
        return strdup("/nsunits-.slice/web.service");
}

void unit_usage(Unit *u, UnitUsage *ret) {
        *ret = (UnitUsage){ .memory_current = 1024,
                            .memory_peak = 2048,
                            .cpu_usage_nsec = UINT64_MAX,
                            .tasks_current = 3,
                            .io_write_bytes = 77,
                            .effective_tasks_max = 9 };
}

/* The set: a bus over a manager, and one client in the same loop. */

typedef struct Set {
        char dir[32];
        Manager manager;
        sd_event *event;
        Bus *bus;
        sd_bus *client;
        sd_bus_message *answer;
        char removed[256]; /* what the last JobRemoved said */
        char changed[128]; /* the interfaces of PropertiesChanged that have come */
        usec_t end;        /* of all patience */
} Set;

static const ContainerSection empty_section;

static void connect_client(Set *s) {
        int pair[2];

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
        ck_assert_int_eq(bus_add_client(s->bus, pair[0]), 0);
        ck_assert_int_ge(sd_bus_new(&s->client), 0);
        ck_assert_int_ge(sd_bus_set_fd(s->client, pair[1], pair[1]), 0);
        ck_assert_int_ge(sd_bus_start(s->client), 0);
        ck_assert_int_ge(sd_bus_attach_event(s->client, s->event, 0), 0);
}

static void hang_up(Set *s) {
        (void) sd_bus_detach_event(s->client);
        s->client = sd_bus_close_unref(s->client);
}

static void set_up(Set *s) {
        autofree char *address = NULL;
        Fault fault = {};

        memset(s, 0, sizeof(*s));
        strcpy(s->dir, "/tmp/test-bus.XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(s->dir));
        s->manager.config.paths.run = s->dir;

        /* No system bus: this one never comes. */
        ck_assert_int_ge(asprintf(&address, "unix:path=%s/none", s->dir), 0);
        ck_assert_int_eq(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, true), 0);

        for (size_t i = 0; i < ELEMENTSOF(units); i++)
                machine_init(&units[i].machine);
        ck_assert_int_ge(sd_event_new(&s->event), 0);
        ck_assert_int_eq(bus_new(s->event, &s->manager, &fault, &s->bus), 0);
        connect_client(s);
}

static void tear_down(Set *s) {
        sd_bus_message_unref(s->answer);
        if (s->client)
                hang_up(s);
        bus_free(s->bus);
        s->manager.enqueued = strv_free(s->manager.enqueued);
        sd_event_unref(s->event);
        ck_assert_int_eq(tree_remove(AT_FDCWD, s->dir), 0);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Set *s = userdata;

        s->answer = sd_bus_message_ref(m);
        return 0;
}

static void run_until(Set *s, bool (*done)(const Set *s)) {
        for (int i = 0; i < 1000 && !done(s); i++)
                ck_assert_int_ge(sd_event_run(s->event, 5 * 1000 * 1000), 0);
        ck_assert(done(s));
}

static bool has_answer(const Set *s) {
        return s->answer != NULL;
}

static void send_call(Set *s, const char *path, const char *interface, const char *member, const char *types,
                      va_list ap) {
        sd_bus_message *m = NULL;

        sd_bus_message_unref(s->answer);
        s->answer = NULL;
        ck_assert_int_ge(sd_bus_message_new_method_call(s->client, &m, NULL, path, interface, member), 0);
        if (types)
                ck_assert_int_ge(sd_bus_message_appendv(m, types, ap), 0);
        ck_assert_int_ge(sd_bus_call_async(s->client, NULL, m, on_answer, s, 0), 0);
        sd_bus_message_unref(m);
}

/* Lets everything happen that is under way: an answer comes after whatever was sent before it. */
static sd_bus_message *call_to(Set *s, const char *path, const char *interface, const char *member,
                               const char *types, ...) {
        va_list ap;

        va_start(ap, types);
        send_call(s, path, interface, member, types, ap);
        va_end(ap);
        run_until(s, has_answer);
        return s->answer;
}

/* The same while memory runs out, in which no check can be made, either. Did it? */
static bool call_without_memory(Set *s, unsigned long at, const char *path, const char *interface,
                                const char *member, const char *types, ...) {
        bool failed;
        va_list ap;

        va_start(ap, types);
        send_call(s, path, interface, member, types, ap);
        va_end(ap);
        memory_fails(at, false);
        while (!has_answer(s) && sd_event_run(s->event, 20 * USEC_PER_SEC) > 0)
                continue;
        failed = memory_is_back();
        ck_assert(has_answer(s));
        return failed;
}

/* Descriptors can only be sent when both sides have shaken hands, and sd-bus would wait for that without our
 * loop. */
static void shake_hands(Set *s) {
        (void) call_to(s, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL);
        sd_bus_message_unref(s->answer);
        s->answer = NULL;
}

#define CALL(s, member, ...) call_to(s, BUS_PATH, BUS_MANAGER_INTERFACE, member, __VA_ARGS__)

static const char *error_of(sd_bus_message *m) {
        const sd_bus_error *e = sd_bus_message_get_error(m);

        return e ? e->name : "none";
}

static const char *text_of(sd_bus_message *m, char type) {
        const char *text;

        ck_assert_str_eq(error_of(m), "none");
        ck_assert_int_gt(sd_bus_message_read_basic(m, type, &text), 0);
        return text;
}

START_TEST(start_queues_a_job_and_names_it) {
        Set s;

        set_up(&s);
        ck_assert_str_eq(text_of(CALL(&s, "StartUnit", "ss", "web.container", "replace"), 'o'),
                         BUS_JOB_PREFIX "/7");
        ck_assert_int_eq(s.manager.type, JOB_START);
        ck_assert_int_eq(s.manager.mode, JOB_MODE_REPLACE);
        ck_assert_str_eq(s.manager.enqueued[0], "web.container");
        ck_assert_uint_eq(s.manager.asked_job, 7);
        ck_assert_ptr_nonnull(strstr(s.manager.asker, "test-bus (pid "));
        tear_down(&s);
}
END_TEST

/* A job like any other, and the units know what it is for. */
START_TEST(a_trigger_is_a_marked_start) {
        Set s;

        set_up(&s);
        units[0].triggered = units[1].triggered = false;
        (void) CALL(&s, "TriggerUnits", "ass", 1, "web.container", "replace");
        ck_assert_int_eq(s.manager.type, JOB_START);
        ck_assert_str_eq(s.manager.enqueued[0], "web.container");
        ck_assert(units[1].triggered);
        ck_assert(!units[0].triggered);
        (void) CALL(&s, "TriggerUnit", "ss", "db.container", "replace");
        ck_assert(units[0].triggered);
        (void) CALL(&s, "StartUnit", "ss", "web.container", "replace");
        tear_down(&s);
}
END_TEST

START_TEST(many_units_are_one_transaction) {
        sd_bus_message *m;
        Set s;

        set_up(&s);
        m = CALL(&s, "StartUnits", "ass", 2, "db.container", "web.container", "replace");
        ck_assert_uint_eq(strv_length(s.manager.enqueued), 2);
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "o"), 0);
        ck_assert_str_eq(text_of(m, 'o'), "/");
        ck_assert_str_eq(text_of(m, 'o'), BUS_JOB_PREFIX "/8");
        tear_down(&s);
}
END_TEST

START_TEST(try_restart_leaves_alone_what_rests) {
        sd_bus_message *m;
        Set s;

        set_up(&s);
        units[1].machine.state = MACHINE_RUNNING;
        m = CALL(&s, "TryRestartUnits", "ass", 2, "db.container", "web.container", "replace");
        ck_assert_uint_eq(strv_length(s.manager.enqueued), 1);
        ck_assert_str_eq(s.manager.enqueued[0], "web.container");
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "o"), 0);
        ck_assert_str_eq(text_of(m, 'o'), "/");
        ck_assert_str_eq(text_of(m, 'o'), BUS_JOB_PREFIX "/7");
        tear_down(&s);
}
END_TEST

START_TEST(errors_have_systemds_names) {
        Set s;

        set_up(&s);
        ck_assert_str_eq(error_of(CALL(&s, "StartUnit", "ss", "no.container", "replace")),
                         BUS_ERROR_NO_SUCH_UNIT);
        ck_assert_ptr_nonnull(strstr(sd_bus_message_get_error(s.answer)->message, "no.container"));
        ck_assert_str_eq(error_of(CALL(&s, "StartUnit", "ss", "../x", "replace")), SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "StartUnit", "ss", "web.container", "sometimes")),
                         SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "StartUnit", "ss", "web.container", "fail")),
                         BUS_ERROR_DESTRUCTIVE);
        ck_assert_ptr_nonnull(strstr(sd_bus_message_get_error(s.answer)->message, "is being stopped"));
        ck_assert_str_eq(error_of(CALL(&s, "KillUnit", "ssi", "web.container", "all", 15)),
                         BUS_ERROR_NOT_RUNNING);
        ck_assert_str_eq(error_of(CALL(&s, "KillUnit", "ssi", "web.container", "some", 15)),
                         SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "CancelJob", "u", 1)), BUS_ERROR_NO_SUCH_JOB);
        ck_assert_str_eq(error_of(CALL(&s, "FreezeUnit", "s", "web.container")), BUS_ERROR_BUSY);
        ck_assert_str_eq(error_of(CALL(&s, "ThawUnit", "s", "web.container")), "none");
        ck_assert_str_eq(error_of(CALL(&s, "RunUnit", "ssahb", "web.container", "fail", 3, 0, 0, 0, 1)),
                         BUS_ERROR_BUSY);
        ck_assert_str_eq(error_of(CALL(&s, "RunUnit", "ssahb", "web.container", "replace", 3, 0, 0, 0, 0)),
                         "none");
        ck_assert_str_eq(error_of(CALL(&s, "RunUnit", "ssahb", "web.container", "replace", 2, 0, 0, 0)),
                         SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "ThawUnit", "s", "nowhere.container")), BUS_ERROR_NO_SUCH_UNIT);
        ck_assert_str_eq(error_of(CALL(&s, "InspectImage", "s", "x")), BUS_ERROR_NO_SUCH_IMAGE);
        ck_assert_str_eq(error_of(CALL(&s, "RemoveImage", "s", "x")), BUS_ERROR_BUSY);
        ck_assert_str_eq(error_of(CALL(&s, "TagImage", "ss", "x", "y")), SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "StoreUsage", NULL)), SD_BUS_ERROR_NO_MEMORY);
        tear_down(&s);
}
END_TEST

/* The manager's calls are handled without sd-bus' tables, which have the last word about all others. */
START_TEST(calls_are_as_they_are_described) {
        static const char web[] = BUS_UNIT_PREFIX "/web_2econtainer";
        Set s;

        for (int i = 0; i < 2; i++) {
                set_up(&s);
                if (i == 1) /* has the tables made */
                        (void) call_to(&s, BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect",
                                       NULL);
                ck_assert_str_eq(error_of(CALL(&s, "ListUnits", NULL)), "none");
                ck_assert_str_eq(error_of(CALL(&s, "ListUnits", "s", "x")), SD_BUS_ERROR_INVALID_ARGS);
                ck_assert_str_eq(error_of(CALL(&s, "ListUnits", NULL)), "none");
                ck_assert_str_eq(error_of(CALL(&s, "StartUnit", "s", "x")), SD_BUS_ERROR_INVALID_ARGS);
                ck_assert_str_eq(error_of(CALL(&s, "Cancel", NULL)), SD_BUS_ERROR_UNKNOWN_METHOD);
                ck_assert_str_eq(error_of(call_to(&s, BUS_PATH, NULL, "ListUnits", NULL)),
                                 SD_BUS_ERROR_UNKNOWN_OBJECT);
                ck_assert_str_eq(error_of(call_to(&s, web, BUS_MANAGER_INTERFACE, "ListUnits", NULL)),
                                 SD_BUS_ERROR_UNKNOWN_METHOD);
                tear_down(&s);
        }
}
END_TEST

static void assert_text(sd_bus_message *reply, const char *wanted) {
        const char *text;

        ck_assert(!sd_bus_message_is_method_error(reply, NULL));
        ck_assert_int_gt(sd_bus_message_read(reply, "s", &text), 0);
        ck_assert_str_eq(text, wanted);
}

START_TEST(requests_on_the_store) {
        int pipes[2];
        char byte = 0;
        Set s;

        set_up(&s);
        assert_text(CALL(&s, "PruneImages", "b", 1), "[1]");
        assert_text(CALL(&s, "PruneImages", "b", 0), "[]");
        assert_text(CALL(&s, "CheckStore", "b", 1), "{\"repair\":1}");
        assert_text(CALL(&s, "CheckStore", "b", 0), "{}");

        ck_assert_int_eq(pipe(pipes), 0);
        ck_assert_str_eq(error_of(CALL(&s, "ExportImage", "sh", "x", pipes[1])), BUS_ERROR_NO_SUCH_IMAGE);
        ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
        ck_assert_int_eq(byte, 'x');
        (void) close(pipes[0]);
        (void) close(pipes[1]);
        tear_down(&s);
}
END_TEST

START_TEST(text_as_started_and_as_loaded) {
        const char *started, *loaded, *started_file, *loaded_file;
        Set s;

        set_up(&s);
        ck_assert_str_eq(error_of(CALL(&s, "GetUnitText", "s", "no.container")), BUS_ERROR_NO_SUCH_UNIT);
        ck_assert_str_eq(error_of(CALL(&s, "GetUnitText", "s", "web.container")), "none");
        ck_assert_int_gt(
                sd_bus_message_read(s.answer, "ssss", &started, &started_file, &loaded, &loaded_file), 0);
        ck_assert_str_eq(started, "[Container]\nImage=old\n");
        ck_assert_str_eq(started_file, "/etc/nsunits/old.container");
        ck_assert_str_eq(loaded, "[Container]\nImage=new\n");
        ck_assert_str_eq(loaded_file, "/run/nsunits/new.container");
        tear_down(&s);
}
END_TEST

START_TEST(kill_reaches_the_unit) {
        char by[128];
        Set s;

        set_up(&s);
        units[1].machine.state = MACHINE_RUNNING;
        ck_assert_str_eq(error_of(CALL(&s, "KillUnit", "ssi", "web.container", "main", SIGHUP)), "none");
        ck_assert_ptr_eq(s.manager.killed, &units[1]);
        ck_assert_int_eq(s.manager.signal, SIGHUP);
        (void) snprintf(by, sizeof(by), "test-bus (pid %i, user %u)", getpid(), geteuid());
        ck_assert_str_eq(s.manager.asker, by);
        tear_down(&s);
}
END_TEST

START_TEST(what_a_job_waits_for) {
        const char *unit, *type, *state;
        uint32_t id;
        Set s;

        set_up(&s);
        ck_assert_str_eq(error_of(CALL(&s, "GetJobAfter", "u", 7)), "none");
        ck_assert_int_gt(sd_bus_message_enter_container(s.answer, 'a', "(usssoo)"), 0);
        ck_assert_int_gt(sd_bus_message_read(s.answer, "(usssoo)", &id, &unit, &type, &state, NULL, NULL), 0);
        ck_assert_uint_eq(id, 5);
        ck_assert_str_eq(unit, "db.container");
        ck_assert_str_eq(type, "start");
        ck_assert_int_eq(sd_bus_message_at_end(s.answer, false), 1);
        ck_assert_str_eq(error_of(CALL(&s, "GetJobAfter", "u", 6)), BUS_ERROR_NO_SUCH_JOB);
        tear_down(&s);
}
END_TEST

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *path, *unit, *result;
        Set *s = userdata;
        uint32_t id;

        ck_assert_int_gt(sd_bus_message_read(m, "uoss", &id, &path, &unit, &result), 0);
        (void) snprintf(s->removed, sizeof(s->removed), "%u %s %s %s", id, path, unit, result);
        return 0;
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *interface;
        Set *s = userdata;

        ck_assert_int_gt(sd_bus_message_read(m, "s", &interface), 0);
        (void) snprintf(s->changed + strlen(s->changed), sizeof(s->changed) - strlen(s->changed), "%s ",
                        interface);
        return 0;
}

static void end_job(Set *s) {
        const JobInfo job = { .id = 7, .unit = &units[1], .type = JOB_START };

        s->manager.listener->unit_changed(&units[1], s->manager.data);
        s->manager.listener->job_removed(&job, "failed", s->manager.data);
}

static void listen_for_all(Set *s) {
        ck_assert_int_ge(sd_bus_match_signal(s->client, NULL, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                             "JobRemoved", on_job_removed, s),
                         0);
        ck_assert_int_ge(sd_bus_match_signal(s->client, NULL, NULL, NULL, "org.freedesktop.DBus.Properties",
                                             "PropertiesChanged", on_properties_changed, s),
                         0);
}

START_TEST(only_subscribers_get_signals) {
        Set s;

        set_up(&s);
        listen_for_all(&s);
        (void) CALL(&s, "ListUnits", NULL);
        end_job(&s);
        (void) CALL(&s, "ListUnits", NULL);
        ck_assert_str_eq(s.removed, "");

        (void) CALL(&s, "Subscribe", NULL);
        end_job(&s);
        (void) CALL(&s, "ListUnits", NULL);
        ck_assert_str_eq(s.removed, "7 " BUS_JOB_PREFIX "/7 web.container failed");
        ck_assert_str_eq(s.changed, BUS_UNIT_INTERFACE " " BUS_SERVICE_INTERFACE " ");

        s.changed[0] = '\0';
        (void) CALL(&s, "Unsubscribe", NULL);
        end_job(&s);
        (void) CALL(&s, "ListUnits", NULL);
        ck_assert_str_eq(s.changed, "");
        tear_down(&s);
}
END_TEST

START_TEST(who_waits_for_jobs_gets_their_ends) {
        Set s;

        set_up(&s);
        listen_for_all(&s);
        (void) CALL(&s, "SubscribeToJobs", NULL);
        end_job(&s);
        (void) CALL(&s, "ListUnits", NULL);
        ck_assert_str_eq(s.removed, "7 " BUS_JOB_PREFIX "/7 web.container failed");
        ck_assert_str_eq(s.changed, "");

        s.removed[0] = '\0';
        (void) CALL(&s, "Unsubscribe", NULL);
        end_job(&s);
        (void) CALL(&s, "ListUnits", NULL);
        ck_assert_str_eq(s.removed, "");
        tear_down(&s);
}
END_TEST

/* A client that waits for what is done already gets its signal, behind the answer. */
START_TEST(a_job_without_anything_to_do_ends) {
        Set s;

        set_up(&s);
        ck_assert_int_ge(sd_bus_match_signal(s.client, NULL, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                             "JobRemoved", on_job_removed, &s),
                         0);
        (void) CALL(&s, "Subscribe", NULL);
        ck_assert_str_eq(text_of(CALL(&s, "StartUnit", "ss", "db.container", "replace"), 'o'),
                         BUS_JOB_PREFIX "/9");
        ck_assert_str_eq(s.removed, "");
        (void) CALL(&s, "ListUnits", NULL);
        ck_assert_str_eq(s.removed, "9 " BUS_JOB_PREFIX "/9 db.container done");

        s.removed[0] = '\0';
        ck_assert_str_eq(text_of(CALL(&s, "TryRestartUnit", "ss", "web.container", "replace"), 'o'),
                         BUS_JOB_PREFIX "/9");
        (void) CALL(&s, "ListUnits", NULL);
        ck_assert_str_eq(s.removed, "9 " BUS_JOB_PREFIX "/9 web.container done");
        tear_down(&s);
}
END_TEST

/* "web.container running " for each line of a list of units. */
static const char *list_of(sd_bus_message *m, char text[128]) {
        const char *name, *load, *sub;

        text[0] = '\0';
        ck_assert_str_eq(error_of(m), "none");
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "(ssssssouso)"), 0);
        while (sd_bus_message_read(m, "(ssssssouso)", &name, NULL, &load, NULL, &sub, NULL, NULL, NULL, NULL,
                                   NULL) > 0)
                (void) snprintf(text + strlen(text), 128 - strlen(text), "%s %s %s, ", name, load, sub);
        return text;
}

START_TEST(lists_are_what_was_asked_for) {
        char text[128];
        Set s;

        set_up(&s);
        units[1].machine.state = MACHINE_RUNNING;
        ck_assert_str_eq(list_of(CALL(&s, "ListUnits", NULL), text),
                         "db.container loaded dead, web.container loaded running, ");
        ck_assert_str_eq(list_of(CALL(&s, "ListUnitsFiltered", "as", 1, "active"), text),
                         "web.container loaded running, ");
        ck_assert_str_eq(list_of(CALL(&s, "ListUnitsFiltered", "as", 2, "masked", "failed"), text), "");
        ck_assert_str_eq(list_of(CALL(&s, "ListUnitsFiltered", "as", 0), text),
                         "db.container loaded dead, web.container loaded running, ");
        ck_assert_str_eq(list_of(CALL(&s, "ListUnitsByPatterns", "asas", 0, 1, "d*.container"), text),
                         "db.container loaded dead, ");
        ck_assert_str_eq(
                list_of(CALL(&s, "ListUnitsByPatterns", "asas", 1, "running", 2, "db*", "web*"), text),
                "web.container loaded running, ");
        ck_assert_str_eq(
                list_of(CALL(&s, "ListUnitsByNames", "as", 2, "web.container", "no.container"), text),
                "web.container loaded running, no.container not-found dead, ");

        ck_assert_str_eq(text_of(CALL(&s, "GetUnitByPID", "u", 100), 'o'),
                         BUS_UNIT_PREFIX "/web_2econtainer");
        ck_assert_str_eq(error_of(CALL(&s, "GetUnitByPID", "u", 0)), BUS_ERROR_NO_SUCH_UNIT);
        ck_assert_str_eq(error_of(CALL(&s, "GetUnitByPID", "u", UINT32_MAX)), BUS_ERROR_NO_SUCH_UNIT);
        ck_assert_str_eq(text_of(CALL(&s, "GetJob", "u", 7), 'o'), BUS_JOB_PREFIX "/7");
        ck_assert_str_eq(error_of(CALL(&s, "GetJob", "u", 8)), BUS_ERROR_NO_SUCH_JOB);
        ck_assert_str_eq(text_of(CALL(&s, "GetUnitFileState", "s", "web.container"), 's'), "static");
        ck_assert_str_eq(error_of(CALL(&s, "GetUnitFileState", "s", "no.container")), BUS_ERROR_NO_SUCH_UNIT);
        tear_down(&s);
}
END_TEST

static sd_bus_message *get_property(Set *s, const char *interface, const char *name, const char *type) {
        autofree char *path = NULL;
        sd_bus_message *m;

        ck_assert_int_ge(sd_bus_path_encode(BUS_UNIT_PREFIX, "web.container", &path), 0);
        m = call_to(s, path, "org.freedesktop.DBus.Properties", "Get", "ss", interface, name);
        ck_assert_str_eq(error_of(m), "none");
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'v', type), 0);
        return m;
}

static uint64_t get_number(Set *s, const char *interface, const char *name, char type) {
        char types[] = { type, '\0' };
        uint64_t n = 0;

        ck_assert_int_gt(sd_bus_message_read_basic(get_property(s, interface, name, types), type, &n), 0);
        return n;
}

/* Numbers, words, truths and lists, each as a variant. */
static void check_deaths(sd_bus_message *m) {
        autostrv char **lines = NULL;
        const char *name, *code;
        uint64_t status;
        int dumped;

        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "a{sv}"), 0);
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
        ck_assert_int_gt(sd_bus_message_read(m, "{sv}", &name, "s", &code), 0);
        ck_assert_str_eq(name, "Code");
        ck_assert_str_eq(code, "exited");
        ck_assert_int_gt(sd_bus_message_read(m, "{sv}", &name, "t", &status), 0);
        ck_assert_uint_eq(status, 3);
        ck_assert_int_gt(sd_bus_message_read(m, "{sv}", &name, "b", &dumped), 0);
        ck_assert(!dumped);
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'e', "sv"), 0);
        ck_assert_int_gt(sd_bus_message_read(m, "s", &name), 0);
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'v', "as"), 0);
        ck_assert_int_gt(sd_bus_message_read_strv(m, &lines), 0);
        ck_assert_uint_eq(strv_length(lines), 2);
        ck_assert_str_eq(lines[1], "two");
}

START_TEST(unit_shows_its_state) {
        autostrv char **names = NULL, **addresses = NULL, **ports = NULL;
        Set s;

        set_up(&s);
        units[1].machine.state = MACHINE_RUNNING;
        units[1].machine.n_restarts = 3;
        units[1].machine.active_enter = clock_now(CLOCK_BOOTTIME);
        ck_assert_str_eq(text_of(get_property(&s, BUS_UNIT_INTERFACE, "ActiveState", "s"), 's'), "active");
        ck_assert_str_eq(text_of(get_property(&s, BUS_UNIT_INTERFACE, "SubState", "s"), 's'), "running");
        ck_assert_str_eq(text_of(get_property(&s, BUS_UNIT_INTERFACE, "Description", "s"), 's'),
                         "web.container");
        ck_assert_str_eq(text_of(get_property(&s, BUS_UNIT_INTERFACE, "ControlGroup", "s"), 's'),
                         "/nsunits-.slice/web.service");
        ck_assert_int_ge(
                sd_bus_message_read_strv(get_property(&s, BUS_UNIT_INTERFACE, "Names", "as"), &names), 0);
        ck_assert_uint_eq(strv_length(names), 2);
        ck_assert_str_eq(names[0], "web.container");
        ck_assert_str_eq(names[1], "www.container");
        ck_assert_int_ge(
                sd_bus_message_read_strv(get_property(&s, BUS_UNIT_INTERFACE, "Addresses", "as"), &addresses),
                0);
        ck_assert_str_eq(addresses[0], "10.89.0.2/24");
        ck_assert_int_ge(
                sd_bus_message_read_strv(get_property(&s, BUS_UNIT_INTERFACE, "Ports", "as"), &ports), 0);
        ck_assert_str_eq(ports[0], "*:8080->80/tcp");
        ck_assert_uint_eq(get_number(&s, BUS_UNIT_INTERFACE, "NRestarts", 'u'), 3);
        check_deaths(get_property(&s, BUS_UNIT_INTERFACE, "Deaths", "aa{sv}"));
        ck_assert_uint_eq(get_number(&s, BUS_UNIT_INTERFACE, "MemoryPeak", 't'), 2048);
        ck_assert_uint_eq(get_number(&s, BUS_UNIT_INTERFACE, "CPUUsageNSec", 't'), UINT64_MAX);
        ck_assert_uint_eq(get_number(&s, BUS_UNIT_INTERFACE, "IOWriteBytes", 't'), 77);
        ck_assert_uint_eq(get_number(&s, BUS_UNIT_INTERFACE, "EffectiveTasksMax", 't'), 9);

        /* The date, within a minute. */
        ck_assert_uint_lt(clock_now(CLOCK_REALTIME) -
                                  get_number(&s, BUS_UNIT_INTERFACE, "ActiveEnterTimestamp", 't'),
                          60 * USEC_PER_SEC);
        ck_assert_uint_eq(get_number(&s, BUS_UNIT_INTERFACE, "ActiveExitTimestamp", 't'), 0);
        tear_down(&s);
}
END_TEST

static size_t count_properties(Set *s, const char *interface) {
        autofree char *path = NULL;
        sd_bus_message *m;
        size_t n = 0;

        ck_assert_int_ge(sd_bus_path_encode(BUS_UNIT_PREFIX, "web.container", &path), 0);
        m = call_to(s, path, "org.freedesktop.DBus.Properties", "GetAll", "s", interface);
        ck_assert_str_eq(error_of(m), "none");
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "{sv}"), 0);
        while (sd_bus_message_skip(m, "{sv}") > 0)
                n++;
        return n;
}

/* Of what runs, under the interface of services: MainPID and the like. */
#define N_SERVICE_STATE 11

START_TEST(every_key_is_a_property) {
        ContainerSection section = empty_section;
        UnitSpec spec = { .name = (char *) "web.container", .kind = UNIT_CONTAINER, .container = &section };
        Set s;

        set_up(&s);
        ck_assert_int_eq(key_table_set_defaults(&container_keys, &section), 0);
        ck_assert_int_eq(key_table_set_defaults(&service_keys, &spec.service), 0);
        ck_assert_int_eq(key_table_set_defaults(&unit_keys, &spec.unit), 0);
        units[1].spec = &spec;

        ck_assert_uint_eq(count_properties(&s, BUS_CONTAINER_INTERFACE), container_keys.n);
        ck_assert_uint_eq(count_properties(&s, BUS_SERVICE_INTERFACE), service_keys.n + N_SERVICE_STATE);
        ck_assert_uint_gt(count_properties(&s, ""), container_keys.n + service_keys.n + 30);
        units[1].machine.n_restarts = 3;
        ck_assert_uint_eq(get_number(&s, BUS_SERVICE_INTERFACE, "NRestarts", 'u'), 3);
        ck_assert_uint_eq(get_number(&s, BUS_SERVICE_INTERFACE, "MainPID", 'u'), 0);

        /* systemd's names of times, and its units. */
        spec.service.restart_sec = 1500 * USEC_PER_MSEC;
        ck_assert_uint_eq(get_number(&s, BUS_SERVICE_INTERFACE, "RestartUSec", 't'), 1500000);
        ck_assert_str_eq(text_of(get_property(&s, BUS_SERVICE_INTERFACE, "Restart", "s"), 's'), "no");
        ck_assert_uint_eq(get_number(&s, BUS_SERVICE_INTERFACE, "RuntimeMaxUSec", 't'), UINT64_MAX);
        ck_assert_uint_eq(get_number(&s, BUS_SERVICE_INTERFACE, "CPUQuotaPerSecUSec", 't'), UINT64_MAX);
        ck_assert_uint_eq(get_number(&s, BUS_SERVICE_INTERFACE, "CPUQuotaPeriodUSec", 't'), 100000);
        ck_assert_ptr_nonnull(get_property(&s, BUS_SERVICE_INTERFACE, "IODeviceLatencyTargetUSec", "as"));
        ck_assert_ptr_nonnull(get_property(&s, BUS_UNIT_INTERFACE, "ConditionPathExists", "as"));
        ck_assert_uint_eq(get_number(&s, BUS_UNIT_INTERFACE, "JobTimeoutUSec", 't'), UINT64_MAX);

        units[1].spec = NULL;
        key_table_clear(&container_keys, &section);
        key_table_clear(&service_keys, &spec.service);
        key_table_clear(&unit_keys, &spec.unit);
        tear_down(&s);
}
END_TEST

static UnitSpec web_spec = { .name = (char *) "web.container", .kind = UNIT_CONTAINER };

static void set_up_web_spec(ContainerSection *section) {
        web_spec.container = section;
        ck_assert_int_eq(key_table_set_defaults(&container_keys, section), 0);
        ck_assert_int_eq(key_table_set_defaults(&service_keys, &web_spec.service), 0);
        ck_assert_int_eq(key_table_set_defaults(&unit_keys, &web_spec.unit), 0);
}

static void clear_web_spec(void) {
        key_table_clear(&container_keys, web_spec.container);
        key_table_clear(&service_keys, &web_spec.service);
        key_table_clear(&unit_keys, &web_spec.unit);
}

static int compare_lines(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* What GetAll says, in lines that are sorted; or the name of the error. */
static char *all_properties(Set *s, const char *unit, const char *interface) {
        sd_bus_message *m = call_to(s, unit, "org.freedesktop.DBus.Properties", "GetAll", "s", interface);
        autostrv char **lines = NULL;
        autofree char *text = NULL;
        size_t size;
        FILE *f;

        if (sd_bus_message_is_method_error(m, NULL))
                return strdup(error_of(m));
        f = open_memstream(&text, &size);
        ck_assert_ptr_nonnull(f);
        ck_assert_int_ge(sd_bus_message_dump(m, f, SD_BUS_MESSAGE_DUMP_SUBTREE_ONLY), 0);
        ck_assert_int_eq(fclose(f), 0);
        ck_assert_int_eq(strv_split(text, "\n", &lines), 0);
        qsort(lines, strv_length(lines), sizeof(*lines), compare_lines);
        return strv_join(lines, "\n");
}

START_TEST(properties_are_the_same_without_tables) {
        static const char *const interfaces[] = { "",
                                                  BUS_UNIT_INTERFACE,
                                                  BUS_SERVICE_INTERFACE,
                                                  BUS_CONTAINER_INTERFACE,
                                                  BUS_SECTION_INTERFACE("Quadlet"),
                                                  BUS_SECTION_INTERFACE("Pod"),
                                                  "org.freedesktop.DBus.Peer",
                                                  "org.nsunits1.None" };
        static const char *const objects[] = { BUS_UNIT_PREFIX "/web_2econtainer",
                                               BUS_UNIT_PREFIX "/none_2econtainer", BUS_UNIT_PREFIX "/x",
                                               BUS_PATH };
        ContainerSection section = empty_section;

        set_up_web_spec(&section);
        for (size_t i = 0; i < ELEMENTSOF(interfaces) * ELEMENTSOF(objects); i++) {
                const char *interface = interfaces[i % ELEMENTSOF(interfaces)];
                const char *object = objects[i / ELEMENTSOF(interfaces)];
                autofree char *without = NULL, *with = NULL;
                Set s;

                set_up(&s);
                units[1].spec = &web_spec;
                without = all_properties(&s, object, interface);
                (void) call_to(&s, BUS_PATH, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
                with = all_properties(&s, object, interface);
                ck_assert_str_eq(without, with);
                if (i == 0)
                        ck_assert_uint_gt(strlen(with), 10000);
                units[1].spec = NULL;
                tear_down(&s);
        }
        clear_web_spec();
}
END_TEST

static bool only_the_system_bus_is_left(const Set *s) {
        const Peer *p = TAILQ_FIRST(&s->bus->peers);

        return p && p->system && !TAILQ_NEXT(p, link);
}

/* As with the first connection of all: the tables are not made yet. */
static void connect_anew(Set *s) {
        hang_up(s);
        run_until(s, only_the_system_bus_is_left);
        bus_keys_free();
        connect_client(s);
}

/* Whoever connects when there is memory again finds all that there is. */
static bool tables_are_whole_after(Set *s, unsigned long at, const char *member, const char *expected) {
        const char *object = BUS_UNIT_PREFIX "/web_2econtainer";
        autofree char *found = NULL;
        bool failed;

        connect_anew(s);
        failed = streq(member, "GetAll")
                         ? call_without_memory(s, at, object, "org.freedesktop.DBus.Properties", member, "s",
                                               "")
                         : call_without_memory(s, at, object, "org.freedesktop.DBus.Introspectable", member,
                                               NULL);
        hang_up(s);
        connect_client(s);
        (void) call_to(s, BUS_PATH, "org.freedesktop.DBus.Peer", "Ping", NULL);
        found = all_properties(s, object, "");
        ck_assert_msg(streq(found, expected), "%s, allocation %lu: %s", member, at, found);
        return failed;
}

START_TEST(tables_survive_want_of_memory) {
        static const struct {
                const char *name;
                unsigned step; /* most allocations are names or values, one like the other */
        } members[] = { { "GetAll", 11 }, { "Introspect", 3 } };
        ContainerSection section = empty_section;
        autofree char *expected = NULL;
        Set s;

        set_up_web_spec(&section);
        set_up(&s);
        units[1].spec = &web_spec;
        expected = all_properties(&s, BUS_UNIT_PREFIX "/web_2econtainer", "");
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                unsigned long at = 1;

                while (tables_are_whole_after(&s, at, members[i].name, expected))
                        at += members[i].step;
                ck_assert_uint_gt(at, 100);
        }
        units[1].spec = NULL;
        clear_web_spec();
        tear_down(&s);
}
END_TEST

static int exec_socket(sd_bus_message *m) {
        uint32_t pid;
        int fd, copy;

        ck_assert_str_eq(error_of(m), "none");
        ck_assert_int_gt(sd_bus_message_read(m, "uh", &pid, &fd), 0);
        ck_assert_uint_eq(pid, 42);
        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        ck_assert_int_ge(copy, 0);
        return copy;
}

#define EXEC(s, tty, ...) \
        CALL(s, "ExecUnit", "sasasssbah", "web.container", 1, "/bin/sh", 0, "", "", tty, __VA_ARGS__)

START_TEST(exec_tells_the_end) {
        char text[32] = "";
        sd_bus_message *m;
        int fd, terminal;
        Set s;

        set_up(&s);
        m = EXEC(&s, true, 0);
        fd = exec_socket(m);
        ck_assert_int_gt(sd_bus_message_enter_container(m, 'a', "h"), 0);
        ck_assert_int_gt(sd_bus_message_read(m, "h", &terminal), 0);

        s.manager.exec_done(CLD_KILLED, SIGKILL, s.manager.exec_data);
        ck_assert_int_gt(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 0);
        ck_assert_str_eq(text, "killed 9");
        ck_assert_int_eq(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 0);
        (void) close(fd);
        tear_down(&s);
        ck_assert_ptr_null(s.manager.exec_forgotten);
}
END_TEST

static bool has_forgotten(const Set *s) {
        return s->manager.exec_forgotten != NULL;
}

START_TEST(exec_notices_that_the_client_has_gone) {
        int fd;
        Set s;

        set_up(&s);
        shake_hands(&s);
        fd = exec_socket(EXEC(&s, false, 3, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO));
        sd_bus_message_unref(s.answer); /* which holds the socket, too */
        s.answer = NULL;
        (void) close(fd);
        run_until(&s, has_forgotten);
        ck_assert_ptr_eq(s.manager.exec_forgotten, s.manager.exec_data);
        tear_down(&s);
}
END_TEST

START_TEST(exec_refuses_nonsense) {
        Set s;

        set_up(&s);
        shake_hands(&s);
        ck_assert_str_eq(error_of(EXEC(&s, false, 1, STDIN_FILENO)), SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(EXEC(&s, true, 1, STDIN_FILENO)), SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "ExecUnit", "sasasssbah", "web.container", 0, 0, "", "", true, 0)),
                         SD_BUS_ERROR_INVALID_ARGS);
        /* The program is missing, not the unit. */
        ck_assert_str_eq(error_of(CALL(&s, "ExecUnit", "sasasssbah", "web.container", 1, "/missing", 0, "",
                                       "", true, 0)),
                         BUS_ERROR_NO_SUCH_PROGRAM);
        ck_assert_ptr_nonnull(strstr(sd_bus_message_get_error(s.answer)->message, "/missing"));
        tear_down(&s);
}
END_TEST

START_TEST(import_is_answered_when_it_is_done) {
        sd_bus_message *m = NULL;
        Set s;

        set_up(&s);
        shake_hands(&s);
        ck_assert_int_ge(sd_bus_message_new_method_call(s.client, &m, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                                        "ImportImageFromFD"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "sh", "nginx", STDIN_FILENO), 0);
        ck_assert_int_ge(sd_bus_call_async(s.client, NULL, m, on_answer, &s, 0), 0);
        sd_bus_message_unref(m);
        while (!s.manager.import_reply)
                ck_assert_int_ge(sd_event_run(s.event, 5 * 1000 * 1000), 0);
        ck_assert_int_ge(s.manager.import_fd, 0);
        ck_assert_ptr_null(s.answer);

        s.manager.import_reply(0, "sha256:00", s.manager.import_data);
        run_until(&s, has_answer);
        ck_assert_str_eq(text_of(s.answer, 's'), "sha256:00");
        ck_assert_str_eq(error_of(CALL(&s, "ImportImage", "ss", "nginx", "relative/path")),
                         SD_BUS_ERROR_INVALID_ARGS);
        tear_down(&s);
}
END_TEST

static int on_pull_progress(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *reference, *event, *text;
        uint64_t done, total;
        Set *s = userdata;

        ck_assert_int_ge(sd_bus_message_read(m, "ssstt", &reference, &event, &text, &done, &total), 0);
        (void) snprintf(s->removed, sizeof(s->removed), "%s %s %s %" PRIu64 "/%" PRIu64, reference, event,
                        text, done, total);
        return 0;
}

static void begin_pull(Set *s) {
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(s->client, &m, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                                        "PullImage"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "sa{ss}", "nginx", 3, "platform", "arm64", "tls-verify",
                                               "no", "retry", "1"),
                         0);
        ck_assert_int_ge(sd_bus_call_async(s->client, NULL, m, on_answer, s, 0), 0);
        sd_bus_message_unref(m);
        while (!s->manager.pull_done)
                ck_assert_int_ge(sd_event_run(s->event, 5 * 1000 * 1000), 0);
}

START_TEST(pull_tells_how_far_it_is) {
        Set s;

        set_up(&s);
        begin_pull(&s);
        ck_assert_str_eq(s.manager.pull_reference, "nginx");
        ck_assert_str_eq(s.manager.pull_platform, "arm64");
        ck_assert(s.manager.pull.no_tls_verify && !s.manager.pull.all_tags);
        ck_assert_uint_eq(s.manager.pull.retry, 1);
        ck_assert_ptr_null(s.answer);

        ck_assert_int_ge(sd_bus_match_signal(s.client, NULL, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                             "PullProgress", on_pull_progress, &s),
                         0);
        s.manager.pull_event("fetch", "0123456789ab", 5, 10, s.manager.pull_data);
        s.manager.pull_done(0, "00ff", s.manager.pull_data);
        run_until(&s, has_answer);
        ck_assert_str_eq(s.removed, "nginx fetch 0123456789ab 5/10");
        ck_assert_str_eq(text_of(s.answer, 's'), "00ff");
        ck_assert(!s.manager.pull_forgotten);
        tear_down(&s);
        ck_assert(!s.manager.pull_forgotten);
}
END_TEST

START_TEST(pull_fails_in_the_registrys_words) {
        Set s;

        set_up(&s);
        begin_pull(&s);
        s.manager.pull_done(-EACCES, "pull nginx: unauthorized", s.manager.pull_data);
        run_until(&s, has_answer);
        ck_assert_str_eq(error_of(s.answer), BUS_ERROR_FAILED);
        ck_assert_str_eq(sd_bus_message_get_error(s.answer)->message, "pull nginx: unauthorized");

        ck_assert_str_eq(error_of(CALL(&s, "PullImage", "sa{ss}", "a//b", 0)), SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "PullImage", "sa{ss}", "a", 1, "tls-verify", "perhaps")),
                         SD_BUS_ERROR_INVALID_ARGS);
        ck_assert_str_eq(error_of(CALL(&s, "PullImage", "sa{ss}", "a", 1, "colour", "yes")),
                         SD_BUS_ERROR_INVALID_ARGS);
        tear_down(&s);
}
END_TEST

START_TEST(pull_is_not_wanted_by_a_client_that_has_gone) {
        Set s;

        set_up(&s);
        begin_pull(&s);
        hang_up(&s);
        while (!s.manager.pull_forgotten)
                ck_assert_int_ge(sd_event_run(s.event, 5 * 1000 * 1000), 0);
        tear_down(&s);
}
END_TEST

START_TEST(update_is_answered_when_all_is_done) {
        sd_bus_message *m = NULL;
        Set s;

        set_up(&s);
        shake_hands(&s);
        ck_assert_int_ge(sd_bus_message_new_method_call(s.client, &m, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                                        "AutoUpdate"),
                         0);
        ck_assert_int_ge(sd_bus_message_append(m, "asb", 1, "web.container", true), 0);
        ck_assert_int_ge(sd_bus_call_async(s.client, NULL, m, on_answer, &s, 0), 0);
        sd_bus_message_unref(m);
        while (!s.manager.update_done)
                ck_assert_int_ge(sd_event_run(s.event, 5 * 1000 * 1000), 0);
        ck_assert_str_eq(s.manager.update_units, "web.container");
        ck_assert(s.manager.update_dry);
        ck_assert_ptr_null(s.answer);

        s.manager.update_done(0, "[]", s.manager.update_data);
        run_until(&s, has_answer);
        ck_assert_str_eq(text_of(s.answer, 's'), "[]");
        ck_assert_str_eq(error_of(CALL(&s, "AutoUpdate", "asb", 1, "db.container", false)),
                         SD_BUS_ERROR_INVALID_ARGS);
        tear_down(&s);
}
END_TEST

START_TEST(private_socket_is_for_root) {
        struct stat st;
        char path[64];
        Set s;

        set_up(&s);
        (void) snprintf(path, sizeof(path), "%s/" BUS_PRIVATE_SOCKET, s.dir);
        ck_assert_int_eq(stat(path, &st), 0);
        ck_assert(S_ISSOCK(st.st_mode));
        ck_assert_uint_eq(st.st_mode & 07777, 0600);
        bus_free(s.bus);
        s.bus = NULL;
        ck_assert_int_lt(stat(path, &st), 0);
        tear_down(&s);
}
END_TEST

START_TEST(client_may_hang_up_in_the_middle) {
        Set s;

        set_up(&s);
        (void) CALL(&s, "Subscribe", NULL);
        hang_up(&s);
        end_job(&s);
        /* The loop notices and forgets the peer; nothing is sent to it again. */
        for (int i = 0; i < 20; i++)
                ck_assert_int_ge(sd_event_run(s.event, 1000), 0);
        end_job(&s);
        tear_down(&s);
}
END_TEST

/* More urgent than any question, and there is always more of it. */
static int on_urgent(sd_event_source *s, void *userdata) {
        Set *set = userdata;

        while (sd_bus_process(set->client, NULL) > 0)
                ;
        if (set->answer || clock_now(CLOCK_MONOTONIC) > set->end)
                (void) sd_event_exit(set->event, 7);
        return 0;
}

START_TEST(questions_are_answered_in_a_flood) {
        sd_event_source *urgent;
        Set s;

        set_up(&s);
        s.end = clock_now(CLOCK_MONOTONIC) + 20 * USEC_PER_SEC;
        ck_assert_int_ge(sd_event_add_defer(s.event, &urgent, on_urgent, &s), 0);
        ck_assert_int_ge(sd_event_source_set_priority(urgent, PRIORITY_CHILD_EXIT), 0);
        ck_assert_int_ge(sd_event_source_set_enabled(urgent, SD_EVENT_ON), 0);
        ck_assert_int_ge(sd_bus_detach_event(s.client), 0);
        ck_assert_int_ge(sd_bus_call_method_async(s.client, NULL, NULL, BUS_PATH, BUS_MANAGER_INTERFACE,
                                                  "ListUnits", on_answer, &s, NULL),
                         0);
        ck_assert_int_eq(bus_run(s.bus), 7);
        ck_assert(has_answer(&s));
        sd_event_source_unref(urgent);
        tear_down(&s);
}
END_TEST

TEST_MAIN("bus", start_queues_a_job_and_names_it, many_units_are_one_transaction, a_trigger_is_a_marked_start,
          try_restart_leaves_alone_what_rests, errors_have_systemds_names, kill_reaches_the_unit,
          what_a_job_waits_for, requests_on_the_store, text_as_started_and_as_loaded,
          only_subscribers_get_signals, who_waits_for_jobs_gets_their_ends, calls_are_as_they_are_described,
          a_job_without_anything_to_do_ends, lists_are_what_was_asked_for, unit_shows_its_state,
          every_key_is_a_property, properties_are_the_same_without_tables, tables_survive_want_of_memory,
          exec_tells_the_end, exec_notices_that_the_client_has_gone, exec_refuses_nonsense,
          import_is_answered_when_it_is_done, pull_tells_how_far_it_is, pull_fails_in_the_registrys_words,
          pull_is_not_wanted_by_a_client_that_has_gone, update_is_answered_when_all_is_done,
          private_socket_is_for_root, client_may_hang_up_in_the_middle, questions_are_answered_in_a_flood)
