/*
 * Unit files while memory runs out: at each allocation in turn. What is loaded is what the file says, or
 * there is -ENOMEM and nothing else; and nobody is told that the file is wrong.
 */
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uthash.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "failing-memory.h"
#include "spec-helper.h"
#include "spec/spec-json.h"
#include "spec/spec-make.h"

/* Everything that is known of a unit: its keys, and the container that is made of it, if it is one. */
static int describe(const char *name, const char *text, Diag *diag, char **ret) {
        const ManagerConfig config = { .users = { .id_count = 65536 } };
        const SpecSources sources = { .config = &config };
        const SpecJsonContext context = { .root = "/r" };
        autoptr(RawUnit) raw = calloc(1, sizeof(*raw));
        autoptr(ContainerSpec) spec = NULL;
        autostrv char **lines = NULL;
        autoptr(UnitSpec) u = NULL;
        autofree char *json = NULL;
        int r;

        if (!raw || !(raw->name = strdup(name)) || asprintf(&raw->fragment, "/etc/nsunits/%s", name) < 0)
                return -ENOMEM;
        r = raw_unit_parse(raw, raw->fragment, text, strlen(text), diag);
        if (r >= 0)
                r = unit_spec_load(raw, &test_specifiers, diag, &u);
        if (r < 0)
                return r;
        (void) take_ptr(raw);
        r = unit_spec_format(u, &lines);
        if (r >= 0 && u->container)
                r = spec_make(u, &sources, diag, &spec);
        if (r >= 0 && spec)
                r = spec_to_json(spec, &context, &json);
        if (r >= 0 && json)
                r = strv_add(&lines, json);
        if (r < 0)
                return r;
        *ret = strv_join(lines, "\n");
        return *ret ? 0 : -ENOMEM;
}

/* So many allocations of a unit fail, not the same ones of each: there are up to two thousand. */
#define POINTS 20

static unsigned long n_units;

static bool check_at(const char *path, const char *text, unsigned long at, bool ever, int expected,
                     const char *plain) {
        autoptr(Diag) diag = diag_new();
        autofree char *found = NULL;
        bool failed;
        int r;

        memory_fails(at, ever);
        r = describe(strrchr(path, '/') + 1, text, diag, &found);
        failed = memory_is_back();
        if (r != expected && (r != -ENOMEM || !failed))
                ck_abort_msg("%s: allocation %lu%s: returned %d instead of %d", path, at,
                             ever ? " and all after it" : "", r, expected);
        if (r == 0)
                ck_assert_msg(streq(found, plain), "%s: allocation %lu: it is another", path, at);
        else if (expected == 0)
                ck_assert_msg(diag_count_errors(diag) == 0, "%s: allocation %lu: an error", path, at);
        return failed;
}

static void check_unit(const char *path, const char *text) {
        autoptr(Diag) diag = diag_new();
        autofree char *plain = NULL;
        unsigned long step;
        int expected;

        memory_fails(ULONG_MAX, false);
        expected = describe(strrchr(path, '/') + 1, text, diag, &plain);
        (void) memory_is_back();
        step = memory.n / POINTS + 1;
        for (unsigned long at = 1 + n_units++ % step; check_at(path, text, at, false, expected, plain);
             at += step)
                (void) check_at(path, text, at, true, expected, plain);
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *at) {
        const char *name = path + at->base;
        autofree char *text = NULL;
        size_t size;

        (void) st;
        if (type == FTW_F && unit_name_kind(name) >= 0 &&
            file_read(AT_FDCWD, path, 65536, &text, &size) >= 0 && strlen(text) == size)
                check_unit(path, text);
        return 0;
}

START_TEST(each_unit) {
        static const char *const places[] = { "contrib/examples", "tests/golden/verify",
                                              "tests/golden/generator/units" };

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                autofree char *path = NULL;

                ck_assert_int_gt(asprintf(&path, "%s/%s", SOURCE_ROOT, places[i]), 0);
                ck_assert_int_eq(nftw(path, visit, 16, FTW_PHYS), 0);
        }
        ck_assert_uint_gt(n_units, 50);
}
END_TEST

/* For exit(): there was memory for all of it. */
#define DONE 1

/* A process takes its time to end where it looks for leaks then. */
#define STEP 13

static int load_first(unsigned long at) {
        static const char text[] = "[Container]\nRootfs=/r\nExec=true\n";
        autoptr(Diag) diag = diag_new();
        autofree char *first = NULL, *second = NULL;
        int r;

        memory_fails(at, false);
        r = describe("web.container", text, diag, &first);
        if (!memory_is_back())
                return r == 0 ? DONE : 2;
        if (r != -ENOMEM && r != 0)
                return 3;
        return describe("web.container", text, diag, &second) == 0 ? 0 : 4;
}

/* What is made once for all units is there after the first one: a process for each allocation. */
START_TEST(first_unit) {
        unsigned long at = 1;
        int status;

        do {
                pid_t pid = fork();

                ck_assert_int_ge(pid, 0);
                if (pid == 0)
                        exit(load_first(at));
                ck_assert_int_eq(waitpid(pid, &status, 0), pid);
                ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= DONE, "allocation %lu: status %#x",
                              at, (unsigned) status);
                at += STEP;
        } while (WEXITSTATUS(status) != DONE);
        ck_assert_uint_gt(at, 20 * STEP);
}
END_TEST

/* Of a manager that exits there is no other one, in a container that is the end of all. */
START_TEST(a_hash_is_no_reason_to_exit) {
        struct Item {
                UT_hash_handle hh;
                int key;
        } item = { .key = 1 }, *all = NULL;
        pid_t pid = fork();
        int status;

        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
                memory_fails(1, true);
                HASH_ADD_INT(all, key, &item);
                _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

TEST_MAIN("want of memory", each_unit, first_unit, a_hash_is_no_reason_to_exit)
