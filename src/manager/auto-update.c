/*
 * AutoUpdate=: which running containers have an image that is not the one any more that their name stands
 * for, and having them updated, one after the other: units may share an image, and what one of them goes
 * back to must not be what the next one is updated to.
 */
#include <jansson.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "basic/strv.h"
#include "image/worker.h"
#include "manager/internal.h"
#include "manager/update.h"
#include "spec/container-section.h"

typedef struct Row {
        char *unit, *image;
        AutoUpdate policy;
        UpdateOutcome outcome;
        char *why;
} Row;

struct UpdateRun {
        TAILQ_ENTRY(UpdateRun) link;
        Manager *manager;
        bool dry;
        Row *rows;
        size_t n, at; /* rows before @at have their outcome */
        Worker *worker;
        PullWaiter *pull;
        sd_event_source *step; /* on when the row at @at is to be looked at */
        ManagerReplyFn done;
        void *data;
};

static void run_free(UpdateRun *run) {
        if (!run)
                return;

        for (size_t i = 0; i < run->n; i++) {
                free(run->rows[i].unit);
                free(run->rows[i].image);
                free(run->rows[i].why);
        }
        (void) sd_event_source_disable_unref(run->step);
        free(run->rows);
        free(run);
}

AUTOPTR_DEFINE(UpdateRun, run_free);

/* -- rows -- */

static AutoUpdate policy_of(const Unit *u) {
        return u->spec && u->spec->kind == UNIT_CONTAINER ? u->spec->container->auto_update
                                                          : AUTO_UPDATE_INVALID_;
}

/* What a timer or a socket starts is started from the new image by that, and not now. */
static bool is_candidate(const Unit *u) {
        return policy_of(u) >= 0 && u->held.image && !u->trigger &&
               machine_active_state(u->machine.state) == ACTIVE_STATE_ACTIVE;
}

static int add_row(UpdateRun *run, const Unit *u) {
        Row *grown = reallocarray(run->rows, run->n + 1, sizeof(*grown));
        Row *row;

        if (!grown)
                return -ENOMEM;
        run->rows = grown;
        row = &grown[run->n++];
        *row = (Row){ .unit = strdup(u->name), .policy = policy_of(u), .outcome = UPDATE_NO };
        row->image = strdup(u->spec->container->image);
        return row->unit && row->image ? 0 : -ENOMEM;
}

static int add_named(UpdateRun *run, const char *name, Fault *fault) {
        const Unit *u = manager_get_unit(run->manager, name);

        if (u && is_candidate(u))
                return add_row(run, u);
        (void) fault_set(fault, "update", u ? -EINVAL : -ENOENT, "%s", name);
        if (u)
                fault_advise(fault, policy_of(u) < 0 ? "it has no AutoUpdate=" : "it does not run");
        return u ? -EINVAL : -ENOENT;
}

static int add_rows(UpdateRun *run, char *const *units, Fault *fault) {
        int r = 0;

        STRV_FOREACH (name, units)
                if (r == 0)
                        r = add_named(run, *name, fault);
        for (const Unit *u = units && units[0] ? NULL : run->manager->units; u && r == 0; u = u->hh.next)
                if (is_candidate(u))
                        r = add_row(run, u);
        return r;
}

static json_t *row_to_json(const Row *row) {
        return json_pack("{s:s, s:s, s:s, s:s, s:s*}", "unit", row->unit, "image", row->image, "policy",
                         auto_update_to_string(row->policy), "updated",
                         update_outcome_to_string(row->outcome), "reason", row->why);
}

/* -- the end of a run, and the next one -- */

static void begin_next(Manager *m) {
        UpdateRun *run = TAILQ_FIRST(&m->updates);

        if (run)
                (void) sd_event_source_set_enabled(run->step, SD_EVENT_ONESHOT);
}

static void finish(UpdateRun *owned) {
        autoptr(UpdateRun) run = owned;
        Manager *m = run->manager;
        autofree char *text = NULL;
        json_t *rows = json_array();

        for (size_t i = 0; rows && i < run->n; i++)
                (void) json_array_append_new(rows, row_to_json(&run->rows[i]));
        text = rows ? json_dumps(rows, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
        json_decref(rows);

        TAILQ_REMOVE(&m->updates, run, link);
        run->done(text ? 0 : -ENOMEM, text, run->data);
        begin_next(m);
}

/* -- one row -- */

static void settle(UpdateRun *run, UpdateOutcome outcome, const char *why) {
        Row *row = &run->rows[run->at++];

        row->outcome = outcome;
        row->why = why ? strdup(why) : NULL;
        /* From the loop: of many rows, each is settled within the one before. */
        (void) sd_event_source_set_enabled(run->step, SD_EVENT_ONESHOT);
}

static void settle_fault(UpdateRun *run, int r, const Fault *fault) {
        autofree char *text = fault->error < 0 ? fault_to_string(fault) : NULL;

        settle(run, UPDATE_FAILED, text ? text : strerror(-r));
}

/* NULL when it has gone or does not run any more: then there is nothing to be updated. */
static Unit *unit_of(const UpdateRun *run) {
        Unit *u = manager_get_unit(run->manager, run->rows[run->at].unit);

        return u && is_candidate(u) ? u : NULL;
}

static void on_updated(UpdateOutcome outcome, const char *why, void *data) {
        settle(data, outcome, why);
}

/* The store has the image that the name stands for. */
static void update(UpdateRun *run, Unit *u) {
        autoptr(Image) image = NULL;
        autofree char *name = NULL;
        Fault fault = {};
        int r;

        r = unit_image_name(u, &name, &fault);
        if (r == 0)
                r = manager_find_image(run->manager, name, &image, &fault);
        if (r < 0)
                settle_fault(run, r, &fault);
        else if (streq(image->id, u->held.image->id))
                settle(run, UPDATE_NO, NULL);
        else if (run->dry)
                settle(run, UPDATE_PENDING, NULL);
        else {
                r = unit_update_begin(u, name, u->held.image, on_updated, run, &fault);
                if (r < 0)
                        settle_fault(run, r, &fault);
        }
}

static void on_pulled(int r, const char *text, void *data) {
        UpdateRun *run = data;
        Unit *u = unit_of(run);

        run->pull = NULL;
        if (r < 0)
                settle(run, UPDATE_FAILED, text);
        else if (!u)
                settle(run, UPDATE_NO, NULL);
        else
                update(run, u);
}

static void on_compared(int r, const char *text, void *data) {
        const PullWatch watch = { .done = on_pulled, .data = data };
        UpdateRun *run = data;
        Unit *u = unit_of(run);
        Fault fault = {};

        run->worker = NULL;
        if (r < 0)
                settle(run, UPDATE_FAILED, text);
        else if (!u || streq(text, WORKER_SAME))
                settle(run, UPDATE_NO, NULL);
        else if (run->dry)
                settle(run, UPDATE_PENDING, NULL);
        else {
                r = unit_pull_image(u, &watch, &run->pull, &fault);
                if (r < 0)
                        settle_fault(run, r, &fault);
        }
}

static void go_on(UpdateRun *run) {
        Fault fault = {};
        Unit *u;
        int r;

        if (run->at == run->n) {
                finish(run);
                return;
        }
        u = unit_of(run);
        if (!u)
                settle(run, UPDATE_NO, NULL);
        else if (run->rows[run->at].policy == AUTO_UPDATE_LOCAL)
                update(run, u);
        else {
                r = unit_compare_image(u, on_compared, run, &run->worker, &fault);
                if (r < 0)
                        settle_fault(run, r, &fault);
        }
}

/* -- for others -- */

static int on_step(sd_event_source *s, void *userdata) {
        go_on(userdata);
        return 0;
}

int manager_auto_update(Manager *m, char *const *units, bool dry, ManagerReplyFn done, void *data,
                        Fault *fault) {
        autoptr(UpdateRun) run = calloc(1, sizeof(*run));
        int r;

        if (!run)
                return -ENOMEM;
        run->manager = m;
        run->dry = dry;
        run->done = done;
        run->data = data;
        r = add_rows(run, units, fault);
        if (r == 0)
                r = sd_event_add_defer(m->event, &run->step, on_step, run);
        if (r >= 0)
                r = sd_event_source_set_enabled(run->step, SD_EVENT_OFF);
        if (r < 0)
                return r;

        TAILQ_INSERT_TAIL(&m->updates, run, link);
        if (run == TAILQ_FIRST(&m->updates))
                begin_next(m);
        (void) take_ptr(run);
        return 0;
}

void manager_update_free_all(Manager *m) {
        UpdateRun *run;

        while ((run = TAILQ_FIRST(&m->updates))) {
                TAILQ_REMOVE(&m->updates, run, link);
                for (Unit *u = m->units; u; u = u->hh.next)
                        unit_update_forget(u, run);
                pull_leave(run->pull);
                if (run->worker)
                        worker_cancel(run->worker);
                run->done(-ECANCELED, NULL, run->data);
                run_free(run);
        }
}
