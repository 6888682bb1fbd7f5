/*
 * An example of libnsunits: start units together, then tell how each of them is doing until all have ended.
 *
 *      cc -o follow follow.c $(pkg-config --cflags --libs nsunits)
 *      ./follow web.container db.container
 */
#include <errno.h>
#include <nsunits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **units;

static int fail(Nsunits *n, const char *what) {
        fprintf(stderr, "%s: %s\n", what, nsunits_error(n));
        return EXIT_FAILURE;
}

static bool is_ours(const char *unit) {
        for (char **u = units; *u; u++)
                if (strcmp(*u, unit) == 0)
                        return true;
        return false;
}

/* Returns whether it has ended. */
static bool tell(Nsunits *n, const char *unit) {
        NsunitsStatus *s;
        bool ended;
        int r;

        r = nsunits_get_status(n, unit, &s);
        if (r == -ECONNRESET)
                return false;
        if (r < 0) {
                (void) fail(n, unit);
                return true;
        }
        printf("%s: %s (%s), %s\n", unit, s->active_state, s->sub_state,
               strcmp(s->load_state, "loaded") != 0 ? s->load_state
               : s->main_pid > 0                    ? "with a main process"
                                                    : s->result);
        (void) fflush(stdout);
        ended = strcmp(s->active_state, "inactive") == 0 || strcmp(s->active_state, "failed") == 0;
        (void) nsunits_status_free(s);
        return ended;
}

static void on_change(Nsunits *n, const char *unit, void *data) {
        if (is_ours(unit))
                (void) tell(n, unit);
}

/* One job for each, all of them waited for together. */
static int start(Nsunits *n) {
        const char *unit, *result;
        int status = EXIT_SUCCESS;
        NsunitsJobs *jobs;
        size_t i = 0;
        int r;

        if (nsunits_jobs_new(n, &jobs) < 0)
                return fail(n, "subscribe");
        for (char **u = units; *u; u++)
                if (nsunits_jobs_request(jobs, "StartUnit", *u, "replace") < 0)
                        status = fail(n, *u);
        r = nsunits_jobs_wait(jobs, 60 * 1000000ULL);
        if (r < 0)
                status = fail(n, "wait");
        while (nsunits_jobs_next(jobs, &i, &unit, &result))
                printf("%s: the job has ended: %s\n", unit, result ? result : "not yet");
        (void) nsunits_jobs_free(jobs);
        return status;
}

static void list(Nsunits *n) {
        const NsunitsUnit *u;
        NsunitsList *l;

        if (nsunits_list(n, &l) < 0)
                return;
        while ((u = nsunits_list_next(l)))
                if (strcmp(u->active_state, "active") == 0)
                        printf("also there: %s, %s\n", u->name, u->description);
        (void) nsunits_list_free(l);
}

static bool all_have_ended(Nsunits *n) {
        bool ended = true;

        for (char **u = units; *u; u++)
                ended = tell(n, *u) && ended;
        return ended;
}

int main(int argc, char **argv) {
        Nsunits *n = NULL;
        int r, status;

        units = argv + 1;
        r = nsunits_open(&n);
        if (r < 0) {
                fprintf(stderr, "the manager cannot be reached: %s\n", strerror(-r));
                return EXIT_FAILURE;
        }
        status = start(n);
        list(n);

        if (status == EXIT_SUCCESS && nsunits_watch(n, on_change, NULL) < 0)
                status = fail(n, "watch");
        while (!all_have_ended(n) && status == EXIT_SUCCESS) {
                /* Whatever comes, we look again; a manager that was killed or upgraded comes back. */
                r = nsunits_process(n, NSUNITS_FOREVER);
                if (r < 0 && nsunits_reopen(n) < 0)
                        status = fail(n, "the manager has gone");
        }
        (void) nsunits_close(n);
        return status;
}
