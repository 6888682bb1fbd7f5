/* Orders to a standby that it cannot carry out, or must not: it ends, and nothing has been run. Needs root.
 */
#include "runtime/standby-message.h"
#include "tests/unit/standby-fixture.h"

/* -- programs that cannot be run -- */

static void write_program(Standby *b, const char *name, const char *text, mode_t mode) {
        char path[PATH_MAX + 64];

        (void) snprintf(path, sizeof(path), "%s/%s", b->s.root, name);
        must(file_replace(AT_FDCWD, path, text, strlen(text), mode, false));
}

/* The same words as if it had been launched only now. */
static void assert_same_fault(Standby *b, const char *program, int error) {
        autofree char *at_launch = NULL, *at_order = NULL;

        b->s.argv[0] = (char *) program;
        ck_assert_int_eq(stage_launch(&b->s), error);
        at_launch = fault_to_string(&b->s.fault);
        b->s.argv[0] = (char *) "payload";
        standby_launch(b);
        b->s.argv[0] = (char *) program;
        ck_assert_int_eq(standby_order(b), error);
        at_order = fault_to_string(&b->s.fault);
        ck_assert_str_eq(at_order, at_launch);
        assert_ended(b, 1);
}

START_TEST(faults_are_those_of_a_launch) {
        char *environment[] = { (char *) "PATH=/bin:/etc", NULL };
        static char name[PATH_MAX + 1];
        Standby b;
        int fds;

        for (int user_namespace = 0; user_namespace < 2; user_namespace++) {
                standby_begin(&b, user_namespace);
                b.s.spec.environment = environment;
                write_program(&b, "bin/lost", "#!/no/interpreter\n", 0755);
                write_program(&b, "bin/text", "hello\n", 0755);
                write_program(&b, "bin/closed", "#!/bin/payload\n", 0644);
                fds = count_descriptors();
                assert_same_fault(&b, "missing", -ENOENT);
                assert_same_fault(&b, "/missing", -ENOENT);
                assert_same_fault(&b, "/bin/payload/x", -ENOTDIR);
                assert_same_fault(&b, "/etc", -EACCES);
                assert_same_fault(&b, "closed", -EACCES);
                assert_same_fault(&b, "lost", -ENOENT);
                assert_same_fault(&b, "/bin/lost", -ENOENT);
                assert_same_fault(&b, "text", -ENOEXEC);
                memset(name, 'n', PATH_MAX);
                name[0] = '/';
                name[PATH_MAX] = '\0';
                assert_same_fault(&b, name, -ENAMETOOLONG);
                ck_assert_int_eq(count_descriptors(), fds);
                stage_end(&b.s);
        }
}
END_TEST

START_TEST(program_is_found_where_a_launch_finds_it) {
        char *environment[] = { (char *) "PATH=:/nowhere:/etc:/bin", NULL };
        Standby b;

        standby_begin(&b, true);
        b.s.spec.environment = environment;
        b.s.argv[1] = (char *) "link=/proc/self/exe";
        write_program(&b, "etc/payload", "not for running\n", 0644);
        standby_run(&b);
        ck_assert_str_eq(b.s.text, "/proc/self/exe: /bin/payload\n");
        b.s.spec.working_dir = (char *) "/bin";
        b.s.argv[0] = (char *) "./payload";
        standby_run(&b);
        ck_assert_str_eq(b.s.text, "/proc/self/exe: /bin/payload\n");
        stage_end(&b.s);
}
END_TEST

static void on_lease(int sig) {
}

/* A lease that nobody gives back: opening the program blocks. */
START_TEST(gives_up_on_what_does_not_answer) {
        autofree char *said = NULL;
        char path[PATH_MAX + 32];
        Standby b;
        int fd;

        standby_begin(&b, false);
        b.s.spec.environment = (char *[]){ (char *) "PATH=/bin", NULL };
        standby_launch(&b);
        (void) snprintf(path, sizeof(path), "%s/bin/payload", b.s.root);
        must(fd = open(path, O_RDWR | O_CLOEXEC));
        ck_assert(signal(SIGIO, on_lease) != SIG_ERR);
        must(fcntl(fd, F_SETLEASE, F_WRLCK));
        ck_assert_int_eq(standby_order(&b), -ETIMEDOUT);
        said = fault_to_string(&b.s.fault);
        ck_assert_msg(strstr(said, "exec payload: Connection timed out") == said, "%s", said);
        must(kill(b.s.result.pid, SIGKILL));
        (void) close(fd);
        ck_assert_int_eq(standby_wait(&b).si_code, CLD_KILLED);
        ck_assert_str_eq(b.s.text, "");
        stage_end(&b.s);
}
END_TEST

/* -- a container that is another one by now -- */

static StandbyPlace place_of(const Standby *b, const char *path) {
        char outside[PATH_MAX + 64];
        struct stat st;

        (void) snprintf(outside, sizeof(outside), "%s%s", b->s.root, path);
        must(stat(outside, &st));
        return (StandbyPlace){ .path = path, .device = st.st_dev, .inode = st.st_ino };
}

static int order_with(Standby *b, const StandbyPlace *places, size_t n) {
        b->s.fault = (Fault){};
        return standby_start(b->fd, &b->s.request, places, n, &b->s.fault);
}

static void assert_stale(Standby *b, const StandbyPlace *places, size_t n, int status) {
        ck_assert_int_eq(order_with(b, places, n), -ESTALE);
        ck_assert_int_eq(b->s.fault.error, 0);
        assert_ended(b, status);
}

START_TEST(places_are_looked_at) {
        StandbyPlace places[65];
        Standby b;

        for (int user_namespace = 0; user_namespace < 2; user_namespace++) {
                standby_begin(&b, user_namespace);
                b.s.argv[1] = (char *) "self";
                places[0] = place_of(&b, "/bin");
                for (size_t i = 1; i < ELEMENTSOF(places); i++)
                        places[i] = place_of(&b, "/bin/payload");
                standby_launch(&b);
                ck_assert_int_eq(order_with(&b, places, 64), 0);
                ck_assert_int_eq(standby_wait(&b).si_status, 0);
                assert_has(&b.s, "pid 1 sid 1 uid 0 gid 0");

                standby_launch(&b);
                assert_stale(&b, places, 65, 0);
                for (int last = 0; last < 2; last++) {
                        StandbyPlace *p = &places[last ? 63 : 0], good = *p;

                        p->inode++;
                        standby_launch(&b);
                        assert_stale(&b, places, 64, 1);
                        p->inode--;
                        p->device++;
                        standby_launch(&b);
                        assert_stale(&b, places, 64, 1);
                        *p = good;
                        p->path = "/missing";
                        standby_launch(&b);
                        assert_stale(&b, places, 64, 1);
                        *p = good;
                }
                stage_end(&b.s);
        }
}
END_TEST

static void in_root(const Standby *b, const char *path, char *ret) {
        (void) snprintf(ret, PATH_MAX + 64, "%s%s", b->s.root, path);
}

/* A mount goes along with the directory above it. */
START_TEST(moved_mounts_are_seen) {
        char from[PATH_MAX + 64], to[PATH_MAX + 64];
        StandbyPlace place;
        LaunchMount mount;
        struct stat st;
        Standby b;
        int fs;

        standby_begin(&b, true);
        in_root(&b, "/up", from);
        in_root(&b, "/down", to);
        must(fs = fsopen("tmpfs", FSOPEN_CLOEXEC));
        must(fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
        mount = (LaunchMount){ fsmount(fs, FSMOUNT_CLOEXEC, 0), "/up/data", true };
        must(mount.fd);
        must(fstat(mount.fd, &st));
        place = (StandbyPlace){ .path = "/up/data", .device = st.st_dev, .inode = st.st_ino };
        b.s.request.mounts = &mount;
        b.s.request.n_mounts = 1;
        standby_launch(&b);
        must(rename(from, to));
        assert_stale(&b, &place, 1, 1);
        (void) close(fs);
        (void) close(mount.fd);
        stage_end(&b.s);
}
END_TEST

START_TEST(working_directory_is_the_one_of_its_name) {
        char here[PATH_MAX + 64], there[PATH_MAX + 64];
        Standby b;

        for (int user_namespace = 0; user_namespace < 2; user_namespace++) {
                standby_begin(&b, user_namespace);
                in_root(&b, "/srv/place", here);
                in_root(&b, "/srv/other", there);
                b.s.spec.working_dir = (char *) "/srv/place";
                b.s.argv[1] = (char *) "self";
                standby_run(&b);
                assert_has(&b.s, " cwd /srv/place ");

                standby_launch(&b);
                must(rename(here, there));
                assert_stale(&b, NULL, 0, 1);

                must(rename(there, here));
                standby_launch(&b);
                must(rename(here, there));
                must(mkdir(here, 0755));
                assert_stale(&b, NULL, 0, 1);

                standby_launch(&b);
                must(rmdir(here));
                assert_stale(&b, NULL, 0, 1);

                /* It is the order's that counts. */
                must(rename(there, here));
                b.s.spec.working_dir = NULL;
                standby_launch(&b);
                b.s.spec.working_dir = (char *) "/srv/place";
                assert_stale(&b, NULL, 0, 1);
                stage_end(&b.s);
        }
}
END_TEST

/* A launch enters it before it is somebody else; the standby may not even look. */
START_TEST(forbidden_working_directory) {
        Identity user = { .uid = 33, .gid = 34 };
        char path[PATH_MAX + 64];
        Standby b;

        standby_begin(&b, true);
        in_root(&b, "/secret", path);
        must(mkdir(path, 0700));
        must(chown(path, BASE, BASE));
        b.s.request.identity = &user;
        b.s.spec.working_dir = (char *) "/secret/place";
        b.s.argv[1] = (char *) "self";
        assert_launch(&b.s);
        ck_assert_int_eq(stage_wait(&b.s, b.s.result.pidfd).si_status, 0);
        (void) close(b.s.result.pidfd);
        standby_launch(&b);
        assert_stale(&b, NULL, 0, 1);
        stage_end(&b.s);
}
END_TEST

START_TEST(more_text_than_it_takes) {
        static char value[STANDBY_TEXT_MAX];
        char *environment[] = { (char *) "PATH=/bin", value, NULL };
        size_t fitting = 0;
        Standby b;

        standby_begin(&b, true);
        b.s.spec.environment = environment;
        b.s.argv[1] = (char *) "self";
        /* Beside it there are some words; so it is somewhere below the whole that there is no room any more.
         */
        for (size_t size = STANDBY_TEXT_MAX - 256; size < STANDBY_TEXT_MAX; size += 15) {
                int r;

                memset(value, 'v', size);
                value[1] = '=';
                value[size] = '\0';
                standby_launch(&b);
                r = standby_order(&b);
                ck_assert(r == 0 || r == -ESTALE);
                ck_assert_int_eq(b.s.fault.error, 0);
                if (r < 0) {
                        assert_ended(&b, 0);
                        continue;
                }
                fitting++;
                ck_assert_int_eq(standby_wait(&b).si_status, 0);
                assert_has(&b.s, "pid 1 sid 1");
        }
        ck_assert_uint_gt(fitting, 0);
        ck_assert_uint_lt(fitting, 17);
        stage_end(&b.s);
}
END_TEST

/* -- orders that nobody of ours writes -- */

typedef struct RawOrder {
        StandbyOrder head;
        char text[512];
        size_t head_size, text_size;
        int fds[8];
        size_t n_fds;
        int type; /* of the control message */
} RawOrder;

static const char good_text[] = "/\0/bin/payload\0/bin\0payload\0self\0A=1";

static RawOrder good_order(const Standby *b) {
        RawOrder o = { .head = { .n_arguments = 2, .n_variables = 1, .streams = 1U << 1 },
                       .head_size = sizeof(StandbyOrder),
                       .text_size = sizeof(good_text),
                       .fds = { b->s.output },
                       .n_fds = 1,
                       .type = SCM_RIGHTS };

        memcpy(o.text, good_text, sizeof(good_text));
        return o;
}

static void send_raw(const Standby *b, const RawOrder *o) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(o->fds))];
        } control = {};
        struct iovec iov[] = { { (void *) &o->head, o->head_size }, { (void *) o->text, o->text_size } };
        struct msghdr h = { .msg_iov = iov, .msg_iovlen = 2 };

        if (o->n_fds > 0) {
                control.header = (struct cmsghdr){ CMSG_LEN(o->n_fds * sizeof(int)), SOL_SOCKET, o->type };
                memcpy(CMSG_DATA(&control.header), o->fds, o->n_fds * sizeof(int));
                h.msg_control = &control;
                h.msg_controllen = CMSG_SPACE(o->n_fds * sizeof(int));
        }
        must((int) sendmsg(b->fd, &h, MSG_NOSIGNAL));
}

/* Whatever it says: it is not that a program could not be executed. */
static void assert_refused(Standby *b, const RawOrder *o, const char *what) {
        StandbyAnswer answer = {};
        ssize_t n;

        send_raw(b, o);
        n = recv(b->fd, &answer, sizeof(answer), 0);
        ck_assert_msg(n == sizeof(answer), "%s: %zd", what, n);
        ck_assert_msg(answer.error == -ESTALE, "%s: %d", what, answer.error);
        ck_assert_uint_eq(answer.no_interpreter, 0);
        assert_ended(b, 1);
}

static void short_head(RawOrder *o) {
        o->head_size--;
        o->text_size = 0;
}

static void one_byte(RawOrder *o) {
        o->head_size = 1;
        o->text_size = 0;
}

static void no_text(RawOrder *o) {
        o->text_size = 0;
}

static void no_last_nul(RawOrder *o) {
        o->text_size--;
}

static void no_nul_at_all(RawOrder *o) {
        memset(o->text, 'x', sizeof(o->text));
        o->text_size = sizeof(o->text);
}

static void too_many_places(RawOrder *o) {
        o->head.n_places = STANDBY_PLACES_MAX + 1;
}

static void as_many_places_as_there_are_numbers(RawOrder *o) {
        o->head.n_places = UINT32_MAX;
}

static void a_place_more_than_text(RawOrder *o) {
        o->head.n_places = 1;
}

static void an_argument_more_than_text(RawOrder *o) {
        o->head.n_arguments += 2;
}

static void many_arguments(RawOrder *o) {
        o->head.n_arguments = STANDBY_TEXT_MAX + 1;
}

static void arguments_beyond_all_numbers(RawOrder *o) {
        o->head.n_arguments = UINT32_MAX;
}

static void a_variable_more_than_text(RawOrder *o) {
        o->head.n_variables++;
}

static void variables_beyond_all_numbers(RawOrder *o) {
        o->head.n_variables = UINT32_MAX;
}

static void a_descriptor_too_many(RawOrder *o) {
        o->fds[o->n_fds++] = o->fds[0];
}

static void a_descriptor_too_few(RawOrder *o) {
        o->head.n_passed = 1;
}

static void descriptors_beyond_all_numbers(RawOrder *o) {
        o->head.n_passed = UINT32_MAX;
}

static void a_stream_too_few(RawOrder *o) {
        o->head.n_passed = 1;
        o->head.streams = 7;
}

START_TEST(malformed_orders_are_refused) {
        static const struct {
                const char *what;
                void (*spoil)(RawOrder *o);
        } cases[] = {
#define CASE(name) { #name, name }
                CASE(short_head),
                CASE(one_byte),
                CASE(no_text),
                CASE(no_last_nul),
                CASE(no_nul_at_all),
                CASE(too_many_places),
                CASE(as_many_places_as_there_are_numbers),
                CASE(a_place_more_than_text),
                CASE(an_argument_more_than_text),
                CASE(many_arguments),
                CASE(arguments_beyond_all_numbers),
                CASE(a_variable_more_than_text),
                CASE(variables_beyond_all_numbers),
                CASE(a_descriptor_too_many),
                CASE(a_descriptor_too_few),
                CASE(descriptors_beyond_all_numbers),
                CASE(a_stream_too_few),
#undef CASE
        };
        RawOrder order;
        Standby b;
        int fds;

        standby_begin(&b, true);
        fds = count_descriptors();
        /* It is as good as ours, but for one thing each. */
        standby_launch(&b);
        order = good_order(&b);
        send_raw(&b, &order);
        ck_assert_int_eq(standby_wait(&b).si_status, 0);
        assert_has(&b.s, "pid 1 sid 1 uid 0 gid 0");

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                standby_launch(&b);
                order = good_order(&b);
                cases[i].spoil(&order);
                assert_refused(&b, &order, cases[i].what);
        }
        ck_assert_int_eq(count_descriptors(), fds);
        stage_end(&b.s);
}
END_TEST

/* The kernel cuts what is longer. */
START_TEST(order_that_does_not_fit) {
        static char text[STANDBY_TEXT_MAX + 1];
        StandbyOrder head = {};
        struct iovec iov[] = { { &head, sizeof(head) }, { text, sizeof(text) } };
        struct msghdr h = { .msg_iov = iov, .msg_iovlen = 2 };
        StandbyAnswer answer = {};
        Standby b;

        standby_begin(&b, true);
        standby_launch(&b);
        must((int) sendmsg(b.fd, &h, MSG_NOSIGNAL));
        ck_assert_int_eq(recv(b.fd, &answer, sizeof(answer), 0), sizeof(answer));
        ck_assert_int_eq(answer.error, -ESTALE);
        assert_ended(&b, 1);
        stage_end(&b.s);
}
END_TEST

TEST_MAIN("standby-order", faults_are_those_of_a_launch, program_is_found_where_a_launch_finds_it,
          gives_up_on_what_does_not_answer, places_are_looked_at, moved_mounts_are_seen,
          working_directory_is_the_one_of_its_name, forbidden_working_directory, more_text_than_it_takes,
          malformed_orders_are_refused, order_that_does_not_fit)
