/*
 * After "boot BOOT-ID", four kinds of lines:
 *
 *      job ID TYPE ORDER UNIT DUE [told]
 *                                 it is queued; a later line of the same number replaces an earlier one
 *      by ID WORDS...             who has asked for it
 *      end ID RESULT
 *      last ID                    the highest number so far
 *
 * A line that was cut off by a SIGKILL has no newline, and counts as not written. The results of the last
 * jobs are kept: a client that was cut off, too, asks for them.
 */
#include "manager/job-log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "basic/unit-name.h"

#define LOG_SIZE_MAX ((size_t) 64 * 1024 * 1024)

/* One that is longer is written anew, with what still counts. */
#define LOG_SIZE_LONG ((size_t) 32 * 1024)

#define RESULTS_KEPT 256

/* A unit's name has 255 bytes. What is longer of who has asked for a job is not kept. */
#define LINE_SIZE 384

struct JobLog {
        char *path, *boot_id;
        int fd;
        size_t size, begun_size;
        uint32_t last_id;
        LoggedJob *jobs;
        size_t n_jobs;
        struct {
                uint32_t id;
                JobResult result;
        } results[RESULTS_KEPT]; /* a ring */
        size_t next;
        bool failed; /* and said so */
        bool torn;   /* a line may have no end */
};

static void note_result(JobLog *l, uint32_t id, JobResult result) {
        l->results[l->next].id = id;
        l->results[l->next].result = result;
        l->next = (l->next + 1) % RESULTS_KEPT;
}

/* --- in --------------------------------------------------------------------------------------------- */

static LoggedJob *find_id(JobLog *l, uint32_t id) {
        for (size_t i = l->n_jobs; i-- > 0;)
                if (l->jobs[i].id == id)
                        return &l->jobs[i];
        return NULL;
}

/* A line of an older manager has no DUE. */
static int read_job(JobLog *l, uint32_t id, char *const *words) {
        const JobType type = job_type_from_string(words[2]);
        const bool told = words[5] && words[6];
        LoggedJob *j = find_id(l, id), *grown;
        usec_t due = 0;
        char *unit;

        if (type < 0 || !unit_name_valid(words[4]) || (words[5] && parse_u64(words[5], &due) < 0))
                return 0;
        if (j && j->unit) {
                j->type = type;
                j->told = told;
                j->due = due;
                return 0;
        }
        grown = reallocarray(l->jobs, l->n_jobs + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        l->jobs = grown;
        unit = strdup(words[4]);
        if (!unit)
                return -ENOMEM;
        l->jobs[l->n_jobs++] = (LoggedJob){ .id = id,
                                            .type = type,
                                            .ignore_order = streq(words[3], "any"),
                                            .told = told,
                                            .due = due,
                                            .unit = unit };
        return 0;
}

/* A later line of the same number counts. */
static int read_asker(JobLog *l, uint32_t id, const char *line) {
        LoggedJob *j = find_id(l, id);
        const char *by = line + strlen("by ");

        by += strcspn(by, " ");
        if (!j || !j->unit)
                return 0;
        free(j->by);
        j->by = strdup(by + strspn(by, " "));
        return j->by ? 0 : -ENOMEM;
}

static int read_line(JobLog *l, const char *line) {
        autostrv char **words = NULL;
        uint32_t id;
        size_t n;
        int r;

        r = strv_split(line, " ", &words);
        if (r < 0)
                return r;
        n = strv_length(words);
        if (n < 2 || parse_u32_range(words[1], 1, UINT32_MAX, &id) < 0)
                return 0;
        if (l->last_id < id)
                l->last_id = id;
        if (n >= 5 && n <= 7 && streq(words[0], "job"))
                return read_job(l, id, words);
        if (n > 2 && streq(words[0], "by"))
                return read_asker(l, id, line);
        if (n == 3 && streq(words[0], "end")) {
                const JobResult result = job_result_from_string(words[2]);
                LoggedJob *j = find_id(l, id);

                if (result < 0)
                        return 0;
                if (j)
                        job_log_take(j);
                note_result(l, id, result);
        }
        return 0;
}

static int read_all(JobLog *l) {
        autofree char *text = NULL;
        char *line, *end;
        int r;

        r = file_read(AT_FDCWD, l->path, LOG_SIZE_MAX, &text, &l->size);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        /* Of an earlier boot, on a file system that outlived it. */
        line = startswith(text, "boot ") ? text + strlen("boot ") : NULL;
        if (!line || !startswith(line, l->boot_id)) {
                l->size = 0;
                return unlink(l->path) < 0 ? -errno : 0;
        }
        for (; r >= 0 && (end = strchr(line, '\n')); line = end + 1) {
                *end = '\0';
                r = read_line(l, line);
        }
        return r;
}

int job_log_open(const char *path, const char *boot_id, JobLog **ret) {
        autoptr(JobLog) l = calloc(1, sizeof(*l));
        int r;

        if (!l)
                return -ENOMEM;
        l->fd = -EBADF;
        l->path = strdup(path);
        l->boot_id = strdup(boot_id);
        if (!l->path || !l->boot_id)
                return -ENOMEM;
        r = read_all(l);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                log_warning("cannot read %s, jobs may be lost: %s", path, strerror(-r));

        l->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (l->fd < 0)
                return -errno;
        if (l->size == 0 && dprintf(l->fd, "boot %s\n", boot_id) < 0)
                return -errno;
        l->torn = true;
        *ret = take_ptr(l);
        return 0;
}

void job_log_free(JobLog *l) {
        if (!l)
                return;
        for (size_t i = 0; i < l->n_jobs; i++)
                job_log_take(&l->jobs[i]);
        free(l->jobs);
        cleanup_close_(&l->fd);
        free(l->path);
        free(l->boot_id);
        free(l);
}

uint32_t job_log_last_id(const JobLog *l) {
        return l->last_id;
}

LoggedJob *job_log_find(JobLog *l, const char *unit) {
        for (size_t i = 0; i < l->n_jobs; i++)
                if (l->jobs[i].unit && (!unit || streq(l->jobs[i].unit, unit)))
                        return &l->jobs[i];
        return NULL;
}

void job_log_take(LoggedJob *j) {
        free(j->unit);
        free(j->by);
        j->unit = j->by = NULL;
}

/* --- out -------------------------------------------------------------------------------------------- */

static void fail(JobLog *l, int error) {
        if (!l->failed)
                log_warning("cannot write down jobs; should the manager die, they are lost: %s",
                            strerror(-error));
        l->failed = true;
}

/* What was left of a line must not become the beginning of another one. */
static void put(JobLog *l, const char *line, int size) {
        const struct iovec parts[] = {
                { .iov_base = (char *) "\n", .iov_len = l->torn },
                { .iov_base = (char *) line, .iov_len = (size_t) size },
        };
        const size_t whole = parts[0].iov_len + parts[1].iov_len;
        ssize_t n = writev(l->fd, parts, ELEMENTSOF(parts));

        if (n > 0)
                l->size += (size_t) n;
        if (n != (ssize_t) whole)
                fail(l, n < 0 ? -errno : -ENOSPC);
        /* Of an error it is not said whether something was written before it. */
        l->torn = n != (ssize_t) whole;
}

static int format_job(char line[LINE_SIZE], const Job *job, const char *unit) {
        return snprintf(line, LINE_SIZE, "job %" PRIu32 " %s %s %s %" PRIu64 "%s\n", job->id,
                        job_type_to_string(job->type), job->ignore_order ? "any" : "ordered", unit, job->due,
                        job->told ? " told" : "");
}

void job_log_write(JobLog *l, const Job *job, const char *unit, JobResult result) {
        char line[LINE_SIZE];

        if (job->id > l->last_id)
                l->last_id = job->id;
        if (result == JOB_RESULT_INVALID_) {
                put(l, line, format_job(line, job, unit));
                return;
        }
        note_result(l, job->id, result);
        put(l, line,
            snprintf(line, sizeof(line), "end %" PRIu32 " %s\n", job->id, job_result_to_string(result)));
}

static int format_asker(char line[LINE_SIZE], const Job *job) {
        return snprintf(line, LINE_SIZE, "by %" PRIu32 " %s\n", job->id, job->by);
}

void job_log_write_asker(JobLog *l, const Job *job) {
        char line[LINE_SIZE];
        int size = job->by ? format_asker(line, job) : 0;

        if (size > 0 && size < LINE_SIZE)
                put(l, line, size);
}

JobResult job_log_result(const JobLog *l, uint32_t id) {
        for (size_t i = 0; i < RESULTS_KEPT; i++)
                if (l->results[i].id == id)
                        return l->results[i].result;
        return JOB_RESULT_INVALID_;
}

bool job_log_is_long(const JobLog *l) {
        return l->failed || l->size > LOG_SIZE_LONG + 2 * l->begun_size;
}

static int begin_anew(JobLog *l, const JobQueue *q, const Graph *g) {
        autofree char *text = NULL;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);
        int r;

        if (!f)
                return -ENOMEM;
        (void) fprintf(f, "boot %s\n", l->boot_id);
        (void) fprintf(f, "last %" PRIu32 "\n", l->last_id);
        for (size_t i = 0; i < RESULTS_KEPT; i++) {
                const size_t at = (l->next + i) % RESULTS_KEPT;

                if (l->results[at].id > 0)
                        (void) fprintf(f, "end %" PRIu32 " %s\n", l->results[at].id,
                                       job_result_to_string(l->results[at].result));
        }
        for (const Job *job = job_queue_each(q, NULL); job; job = job_queue_each(q, job)) {
                char line[LINE_SIZE];

                if (format_job(line, job, g->nodes[job->unit].name) > 0)
                        (void) fputs(line, f);
                if (job->by && format_asker(line, job) < LINE_SIZE)
                        (void) fputs(line, f);
        }
        if (fclose(f) != 0)
                return -ENOMEM;
        r = file_replace(AT_FDCWD, l->path, text, size, 0600, false);
        if (r < 0)
                return r;
        r = open(l->path, O_WRONLY | O_APPEND | O_CLOEXEC);
        if (r < 0)
                return -errno;
        replace_fd(&l->fd, r);
        l->size = l->begun_size = size;
        l->failed = l->torn = false;
        return 0;
}

void job_log_begin_anew(JobLog *l, const JobQueue *q, const Graph *g) {
        int r = begin_anew(l, q, g);

        if (r < 0)
                fail(l, r);
}
