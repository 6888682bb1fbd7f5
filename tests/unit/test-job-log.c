/* The log of jobs: what is read is what was written, whatever became of the file. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "manager/job-log.h"
#include "unit-test.h"

static const char *path;

static JobLog *open_log(const char *boot_id) {
        JobLog *l = NULL;

        ck_assert_int_eq(job_log_open(path, boot_id, &l), 0);
        return l;
}

static off_t file_size_of(const char *name) {
        struct stat st;

        ck_assert_int_eq(stat(name, &st), 0);
        return st.st_size;
}

static void begin(void) {
        static char name[] = "/tmp/test-job-log-XXXXXX";

        (void) close(mkstemp(name));
        path = name;
        (void) unlink(path);
}

static void write_job(JobLog *l, uint32_t id, JobType type, const char *unit, JobResult result) {
        job_log_write(l, &(Job){ .id = id, .type = type }, unit, result);
}

START_TEST(jobs_come_back) {
        LoggedJob *j;
        JobLog *l;

        begin();
        l = open_log("boot");
        ck_assert_ptr_null(job_log_find(l, NULL));
        write_job(l, 4, JOB_RESTART, "web.container", JOB_RESULT_INVALID_);
        write_job(l, 5, JOB_START, "db.container", JOB_RESULT_INVALID_);
        write_job(l, 5, JOB_START, "db.container", JOB_RESULT_FAILED);
        write_job(l, 4, JOB_START, "web.container", JOB_RESULT_INVALID_);
        ck_assert_int_eq(job_log_result(l, 5), JOB_RESULT_FAILED);
        job_log_free(l);

        l = open_log("boot");
        ck_assert_uint_eq(job_log_last_id(l), 5);
        ck_assert_int_eq(job_log_result(l, 5), JOB_RESULT_FAILED);
        ck_assert_int_eq(job_log_result(l, 4), JOB_RESULT_INVALID_);
        ck_assert_ptr_null(job_log_find(l, "db.container"));
        j = job_log_find(l, "web.container");
        ck_assert_ptr_nonnull(j);
        ck_assert_uint_eq(j->id, 4);
        ck_assert_int_eq(j->type, JOB_START);
        ck_assert_ptr_eq(job_log_find(l, NULL), j);
        job_log_take(j);
        ck_assert_ptr_null(job_log_find(l, NULL));
        job_log_free(l);

        /* Numbers of an earlier boot mean nothing. */
        l = open_log("another");
        ck_assert_uint_eq(job_log_last_id(l), 0);
        ck_assert_ptr_null(job_log_find(l, NULL));
        job_log_free(l);
        (void) unlink(path);
}
END_TEST

/* Cut off at each byte: what was complete counts, and what is written after it does. */
START_TEST(log_may_be_cut_off) {
        static const char whole[] = "boot boot\njob 1 start ordered a.container\njob 2 stop any b.container\n"
                                    "nonsense\njob x\nend 1 done\n";

        begin();
        for (size_t size = 0; size < sizeof(whole); size++) {
                JobLog *l;

                ck_assert_int_eq(file_replace(AT_FDCWD, path, whole, size, 0600, false), 0);
                l = open_log("boot");
                write_job(l, 9, JOB_START, "c.container", JOB_RESULT_INVALID_);
                job_log_free(l);
                l = open_log("boot");
                ck_assert_ptr_nonnull(job_log_find(l, "c.container"));
                ck_assert_uint_eq(job_log_last_id(l), 9);
                ck_assert_int_eq(job_log_find(l, "a.container") != NULL,
                                 size >= 41 && size < sizeof(whole) - 2);
                job_log_free(l);
        }
        (void) unlink(path);
}
END_TEST

/* A later line replaces an earlier one; those of earlier versions have no time. */
START_TEST(times_come_back) {
        static const char old[] = "boot boot\njob 1 start ordered old.container\n";
        const Job job = { .id = 2, .type = JOB_START, .due = 1 },
                  later = { .id = 2, .type = JOB_START, .due = 77 };
        JobLog *l;

        begin();
        ck_assert_int_eq(file_replace(AT_FDCWD, path, old, sizeof(old) - 1, 0600, false), 0);
        l = open_log("boot");
        job_log_write(l, &job, "new.container", JOB_RESULT_INVALID_);
        job_log_write(l, &later, "new.container", JOB_RESULT_INVALID_);
        job_log_free(l);
        l = open_log("boot");
        ck_assert_uint_eq(job_log_find(l, "old.container")->due, 0);
        ck_assert_uint_eq(job_log_find(l, "new.container")->due, 77);
        job_log_free(l);
        (void) unlink(path);
}
END_TEST

START_TEST(told_stops_come_back) {
        const Job told = { .id = 1, .type = JOB_RESTART, .told = true },
                  again = { .id = 1, .type = JOB_START };
        JobLog *l;

        begin();
        for (int i = 0; i < 2; i++) {
                l = open_log("boot");
                job_log_write(l, i == 0 ? &told : &again, "web.container", JOB_RESULT_INVALID_);
                job_log_free(l);
                l = open_log("boot");
                ck_assert_int_eq(job_log_find(l, "web.container")->told, i == 0);
                job_log_free(l);
        }
        (void) unlink(path);
}
END_TEST

/* Who has asked comes back with the job, and stays when the log is written anew. */
START_TEST(askers_come_back) {
        autoptr(Graph) g = graph_new();
        autoptr(JobQueue) q = job_queue_new(g);
        Job job = { .id = 2, .type = JOB_STOP, .by = "a (pid 1, user 0)" };
        unsigned unit;
        JobLog *l;

        begin();
        ck_assert_int_eq(graph_add_unit(g, "web.container", &unit), 0);
        l = open_log("boot");
        write_job(l, 2, JOB_STOP, "web.container", JOB_RESULT_INVALID_);
        write_job(l, 3, JOB_STOP, "db.container", JOB_RESULT_INVALID_);
        job_log_write_asker(l, &job);
        job.by = "b c (pid 2, user 0)";
        job_log_write_asker(l, &job);
        job_log_write_asker(l, &(Job){ .id = 9, .by = "of no job" });
        job_log_free(l);

        for (int anew = 0; anew < 2; anew++) {
                const LoggedJob *j;

                l = open_log("boot");
                j = job_log_find(l, "web.container");
                ck_assert_str_eq(j->by, "b c (pid 2, user 0)");
                job = (Job){ .id = j->id, .type = j->type, .unit = unit, .by = j->by };
                if (!anew) {
                        ck_assert_ptr_null(job_log_find(l, "db.container")->by);
                        ck_assert_int_eq(job_queue_restore(q, &job), 0);
                        job_log_begin_anew(l, q, g);
                }
                job_log_free(l);
        }
        (void) unlink(path);
}
END_TEST

START_TEST(log_stays_short) {
        autoptr(Graph) g = graph_new();
        autoptr(JobQueue) q = job_queue_new(g);
        const Job stays = { .id = 3, .type = JOB_STOP, .ignore_order = true };
        autofree char *text = NULL;
        size_t size, n_anew = 0;
        unsigned unit;
        JobLog *l;

        begin();
        ck_assert_int_eq(graph_add_unit(g, "stays.container", &unit), 0);
        ck_assert_int_eq(job_queue_restore(q, &stays), 0);
        l = open_log("boot");
        for (uint32_t id = 4; id < 10000; id++) {
                write_job(l, id, JOB_START, "web.container", JOB_RESULT_INVALID_);
                write_job(l, id, JOB_START, "web.container", JOB_RESULT_DONE);
                if (job_log_is_long(l)) {
                        job_log_begin_anew(l, q, g);
                        n_anew++;
                }
        }
        job_log_free(l);
        ck_assert_uint_gt(n_anew, 3);
        ck_assert_int_eq(file_read(AT_FDCWD, path, SIZE_MAX / 2, &text, &size), 0);
        ck_assert_uint_lt(size, 100000);

        l = open_log("boot");
        ck_assert_uint_eq(job_log_last_id(l), 9999);
        ck_assert_int_eq(job_log_result(l, 9999 - 100), JOB_RESULT_DONE);
        ck_assert_int_eq(job_log_result(l, 9999 - 1000), JOB_RESULT_INVALID_);
        ck_assert_int_eq(job_log_find(l, NULL)->type, JOB_STOP);
        ck_assert(job_log_find(l, NULL)->ignore_order);
        job_log_free(l);
        (void) unlink(path);
}
END_TEST

/* The checks write files themselves. */
static void limit_files(off_t size) {
        const struct rlimit limit = { size < 0 ? RLIM_INFINITY : (rlim_t) size, RLIM_INFINITY };

        if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
                abort();
}

/* As when the file system is full: half a line hides neither those that follow nor, later, itself. */
START_TEST(lines_may_be_cut_short) {
        autoptr(Graph) g = graph_new();
        autoptr(JobQueue) q = job_queue_new(g);
        const Job lost = { .id = 2, .type = JOB_STOP };
        unsigned unit;
        bool noticed;
        JobLog *l;

        (void) signal(SIGXFSZ, SIG_IGN);
        begin();
        ck_assert_int_eq(graph_add_unit(g, "lost.container", &unit), 0);
        ck_assert_int_eq(job_queue_restore(q, &lost), 0);
        l = open_log("boot");
        write_job(l, 1, JOB_START, "a.container", JOB_RESULT_INVALID_);
        ck_assert(!job_log_is_long(l));
        limit_files(file_size_of(path) + 12);
        write_job(l, 2, JOB_STOP, "lost.container", JOB_RESULT_INVALID_);
        noticed = job_log_is_long(l);
        limit_files(5);
        job_log_begin_anew(l, q, g);
        limit_files(-1);
        ck_assert(noticed);
        ck_assert(job_log_is_long(l));
        write_job(l, 3, JOB_START, "c.container", JOB_RESULT_INVALID_);
        job_log_free(l);

        l = open_log("boot");
        ck_assert_ptr_nonnull(job_log_find(l, "a.container"));
        ck_assert_ptr_null(job_log_find(l, "lost.container"));
        ck_assert_ptr_nonnull(job_log_find(l, "c.container"));
        limit_files(file_size_of(path));
        write_job(l, 4, JOB_START, "d.container", JOB_RESULT_INVALID_);
        limit_files(-1);
        ck_assert(job_log_is_long(l));
        job_log_begin_anew(l, q, g);
        ck_assert(!job_log_is_long(l));
        job_log_free(l);

        l = open_log("boot");
        ck_assert_ptr_nonnull(job_log_find(l, "lost.container"));
        ck_assert_uint_eq(job_log_last_id(l), 4);
        job_log_free(l);
        (void) unlink(path);
}
END_TEST

TEST_MAIN("job-log", jobs_come_back, log_may_be_cut_off, times_come_back, told_stops_come_back,
          askers_come_back, log_stays_short, lines_may_be_cut_short)
