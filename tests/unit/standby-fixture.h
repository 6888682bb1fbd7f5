/* A launch in two parts, on the stage of runtime-test.h. */
#pragma once

#include "runtime/standby.h"
#include "tests/unit/runtime-test.h"

typedef struct Standby {
        Stage s;
        int fd; /* our end of the pair */
        char program[PATH_MAX];
} Standby;

static inline void standby_begin(Standby *b, bool user_namespace) {
        stage_begin(&b->s, user_namespace);
        path_beside_test("../../src/runtime/standby/nsunits-standby", b->program);
        b->s.request.standby_path = b->program;
}

/* The output of the next process begins anew. */
static inline void forget_output(Stage *s) {
        must(ftruncate(s->output, 0));
        must((int) lseek(s->output, 0, SEEK_SET));
}

/* From here on it waits. */
static inline void standby_launch(Standby *b) {
        int ends[2];

        forget_output(&b->s);
        must(standby_sockets(ends));
        b->fd = ends[0];
        b->s.request.standby_fd = ends[1];
        assert_launch(&b->s);
        b->s.request.standby_fd = -1;
        (void) close(ends[1]);
}

static inline int standby_order(Standby *b) {
        b->s.fault = (Fault){};
        return standby_start(b->fd, &b->s.request, NULL, 0, &b->s.fault);
}

/* Its end, after which nothing of it is there. */
static inline siginfo_t standby_wait(Standby *b) {
        siginfo_t si;

        (void) close(b->fd);
        si = stage_wait(&b->s, b->s.result.pidfd);
        (void) close(b->s.result.pidfd);
        ck_assert_int_eq(waitpid(-1, NULL, WNOHANG | __WALL), -1);
        return si;
}

/* It has become the program, which has ended well. */
static inline void standby_run(Standby *b) {
        siginfo_t si;

        standby_launch(b);
        if (standby_order(b) < 0)
                ck_abort_msg("%s", fault_to_string(&b->s.fault));
        si = standby_wait(b);
        ck_assert_int_eq(si.si_code, CLD_EXITED);
        ck_assert_int_eq(si.si_status, 0);
}

/* It has ended by itself, and nothing has been run. */
static inline void assert_ended(Standby *b, int status) {
        siginfo_t si = standby_wait(b);

        ck_assert_int_eq(si.si_code, CLD_EXITED);
        ck_assert_int_eq(si.si_status, status);
        ck_assert_str_eq(b->s.text, "");
}
