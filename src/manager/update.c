/* One unit's way to another image, and back. */
#include "manager/update.h"
#include "basic/message-id.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "manager/internal.h"

#define SAVED_MAX (64 * 1024)

ENUM_DEFINE(UpdateOutcome, update_outcome, UPDATE, UPDATE_OUTCOME_LIST)

#define STAGE_LIST(X)       \
        X(STAGE_NEW, "new") \
        X(STAGE_OLD, "old")

ENUM_DECLARE(Stage, stage, STAGE, STAGE_LIST);
ENUM_DEFINE(Stage, stage, STAGE, STAGE_LIST)

struct UnitUpdate {
        char *name; /* of both images, in the store */
        Image *old, *new;
        Stage stage; /* which of them it is being started from */
        uint32_t job;
        char *why; /* the new one is not ready */
        UpdateDoneFn done;
        void *data;
};

static void update_free(UnitUpdate *p) {
        if (!p)
                return;

        free(p->name);
        free(p->why);
        image_unref(p->old);
        image_unref(p->new);
        free(p);
}

AUTOPTR_DEFINE(UnitUpdate, update_free);

void unit_update_drop(Unit *u) {
        autoptr(UnitUpdate) p = take_ptr(u->update);

        if (p && p->done)
                p->done(UPDATE_FAILED, "the unit is gone", p->data);
}

Image *unit_update_image(const Unit *u) {
        const UnitUpdate *p = u->update;

        return p ? (p->stage == STAGE_NEW ? p->new : p->old) : NULL;
}

int unit_update_add_images(const Unit *u, char ***to) {
        const UnitUpdate *p = u->update;
        int r = p ? strv_add(to, p->old->id) : 0;

        return p && r == 0 ? strv_add(to, p->new->id) : r;
}

void unit_update_forget(Unit *u, void *data) {
        if (u->update && u->update->data == data)
                u->update->done = NULL;
}

/* -- what is on disk -- */

static char *saved_path(const Manager *m, const char *unit) {
        char *path;

        return asprintf(&path, "%s/update%s%s%s", m->config->paths.run, unit ? "/" : "", strempty(unit),
                        unit ? ".json" : "") < 0
                       ? NULL
                       : path;
}

static int save(const Unit *u) {
        autofree char *directory = saved_path(u->manager, NULL), *path = saved_path(u->manager, u->name),
                      *text = NULL;
        const UnitUpdate *p = u->update;
        json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s*}", "name", p->name, "old", p->old->id, "new",
                              p->new->id, "stage", stage_to_string(p->stage), "why", p->why);
        int r;

        text = o ? json_dumps(o, JSON_COMPACT) : NULL;
        json_decref(o);
        if (!directory || !path || !text)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, directory, 0700);
        return r < 0 ? r : file_replace(AT_FDCWD, path, text, strlen(text), 0600, false);
}

static void forget(const Manager *m, const char *unit) {
        autofree char *path = saved_path(m, unit);

        if (path)
                (void) unlink(path);
}

static Image *image_of(const Manager *m, const json_t *saved, const char *key) {
        const char *id = json_string_value(json_object_get(saved, key));
        char reference[80];
        Image *image;

        if (!id)
                return NULL;
        (void) snprintf(reference, sizeof(reference), "sha256:%.64s", id);
        return image_store_resolve(m->images, reference, &image, NULL) < 0 ? NULL : image;
}

static UnitUpdate *parse(const Manager *m, const char *text) {
        autoptr(UnitUpdate) p = calloc(1, sizeof(*p));
        json_t *saved = json_loads(text, 0, NULL);
        const char *name = json_string_value(json_object_get(saved, "name"));
        const char *stage = json_string_value(json_object_get(saved, "stage"));
        const char *why = json_string_value(json_object_get(saved, "why"));

        if (p && name && stage) {
                p->name = strdup(name);
                p->stage = stage_from_string(stage);
                p->why = why ? strdup(why) : NULL;
                p->old = image_of(m, saved, "old");
                p->new = image_of(m, saved, "new");
        }
        json_decref(saved);
        return p && p->name && p->stage >= 0 && p->old && p->new ? take_ptr(p) : NULL;
}

/* -- the way -- */

static void end(Unit *u, UpdateOutcome outcome, const char *why) {
        autoptr(UnitUpdate) p = take_ptr(u->update);

        forget(u->manager, u->name);
        if (outcome == UPDATE_DONE)
                log_message(LOG_NOTICE, u->name, "updated to image %.12s", p->new->id);
        else if (outcome == UPDATE_ROLLED_BACK)
                log_entry(LOG_WARNING, u->name, EXPLAINED(MESSAGE_ROLLED_BACK), "back to image %.12s",
                          p->old->id);
        else
                log_message(LOG_ERR, u->name, "not updated: %s", strempty(why));
        if (p->done)
                p->done(outcome, why, p->data);
}

static int enqueue(Unit *u, JobType type, Fault *fault) {
        return manager_enqueue_job(u->manager, u->name, type, JOB_MODE_REPLACE, &u->update->job, fault);
}

/* The name goes back first: whoever starts the unit meanwhile, or another one, gets what works. */
static void go_back(Unit *u) {
        UnitUpdate *p = u->update;
        Fault fault = {};
        int r;

        p->stage = STAGE_OLD;
        r = save(u);
        if (r >= 0)
                r = image_store_name(u->manager->images, p->old, p->name, &fault);
        if (r >= 0) {
                /* The attempts with the new one are not to the old one's account. */
                manager_reset_failed(u->manager, u);
                r = enqueue(u, JOB_RESTART, &fault);
        }
        if (r < 0) {
                autofree char *text = fault_to_string(&fault);

                end(u, UPDATE_FAILED, fault.error < 0 ? text : strerror(-r));
        }
}

/* The new one. @why is taken over. */
static void reject(Unit *u, char *why) {
        UnitUpdate *p = u->update;

        log_message(LOG_WARNING, u->name, "does not become ready with image %.12s (%s), back to the old one",
                    p->new->id, strempty(why));
        free(p->why);
        p->why = why;
        go_back(u);
}

/* For JSON, whatever a container has written. */
static char *printable(const char *text) {
        char *copy = strdup(text);

        return copy ? utf8_make_plain(copy) : NULL;
}

static char *reason(const Unit *u, JobResult result) {
        bool of_unit = result == JOB_RESULT_FAILED || result == JOB_RESULT_DONE;

        return printable(u->fault_text ? u->fault_text
                         : of_unit     ? unit_result_to_string(u->machine.result)
                                       : job_result_to_string(result));
}

static bool is_up(const Unit *u) {
        ActiveState state = machine_active_state(u->machine.state);

        return state == ACTIVE_STATE_ACTIVE || state == ACTIVE_STATE_RELOADING;
}

static void judge(Unit *u, JobResult result) {
        UnitUpdate *p = u->update;
        autofree char *why = NULL;

        if (result == JOB_RESULT_CANCELED) {
                end(u, UPDATE_FAILED, "its restart was canceled");
                return;
        }
        /* A start that counts as done may have failed all the same: Type=simple waits for nothing. */
        if (result == JOB_RESULT_DONE && is_up(u)) {
                if (p->stage == STAGE_OLD) {
                        /* A .build unit may have given it away again meanwhile. */
                        (void) image_store_name(u->manager->images, p->old, p->name, NULL);
                        why = take_ptr(p->why);
                }
                end(u, p->stage == STAGE_NEW ? UPDATE_DONE : UPDATE_ROLLED_BACK, why);
                return;
        }
        why = reason(u, result);
        if (p->stage == STAGE_OLD) {
                end(u, UPDATE_FAILED, why);
                return;
        }
        reject(u, take_ptr(why));
}

bool unit_update_unready(Unit *u) {
        if (!u->update || u->update->stage != STAGE_NEW || is_up(u))
                return false;
        reject(u, printable(strempty(u->fault_text)));
        return true;
}

void unit_update_job_ended(Unit *u, uint32_t job, JobResult result) {
        if (u->update && u->update->job == job)
                judge(u, result);
}

int unit_update_begin(Unit *u, const char *name, Image *old, UpdateDoneFn done, void *data, Fault *fault) {
        autoptr(UnitUpdate) p = NULL;
        int r;

        if (u->update)
                return fault_set(fault, "update", -EBUSY, "%s is being updated", u->name);
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        r = manager_find_image(u->manager, name, &p->new, fault);
        if (r < 0)
                return r;
        p->name = strdup(name);
        p->old = image_ref(old);
        p->done = done;
        p->data = data;
        if (!p->name)
                return -ENOMEM;

        u->update = take_ptr(p);
        r = save(u);
        if (r >= 0)
                r = enqueue(u, JOB_RESTART, fault);
        if (r < 0) {
                forget(u->manager, u->name);
                u->update->done = NULL;
                unit_update_drop(u);
                return fault_set(fault, "update", r, "%s", u->name);
        }
        return 0;
}

/* -- after the death of a manager -- */

/* How far it has come is seen by its job, which the last manager has left, and by what it runs from. */
static void resume(Unit *u) {
        const Job *job = job_queue_of_unit(u->manager->jobs, u->index);
        bool there = u->held.image && streq(u->held.image->id, unit_update_image(u)->id);
        /* It was not told yet that it has to be another one. */
        bool wrong = u->held.image && !there;
        Fault fault = {};

        if (job && (job->type == JOB_RESTART || (job->type == JOB_START && !wrong))) {
                u->update->job = job->id;
                return;
        }
        if (is_up(u) && there) {
                judge(u, JOB_RESULT_DONE);
                return;
        }
        if (enqueue(u, wrong ? JOB_RESTART : JOB_START, &fault) < 0) {
                autofree char *text = fault_to_string(&fault);

                end(u, UPDATE_FAILED, text);
        }
}

static void resume_saved(Manager *m, const char *name, const char *text) {
        Unit *u;

        if (manager_load_unit(m, name, &u) >= 0 && u->spec)
                u->update = parse(m, text);
        else
                u = NULL;
        if (!u || !u->update) {
                log_message(LOG_WARNING, name, "its update cannot be gone on with");
                forget(m, name);
                return;
        }
        if (u->update->stage == STAGE_OLD)
                (void) image_store_name(m->images, u->update->old, u->update->name, NULL);
        resume(u);
}

void manager_resume_updates(Manager *m) {
        autofree char *directory = saved_path(m, NULL);
        autoclosedir DIR *d = directory ? opendir(directory) : NULL;
        struct dirent *e;

        while (d && (e = readdir(d))) {
                const char *suffix = endswith(e->d_name, ".json");
                autofree char *text = NULL, *name = NULL;

                if (!suffix || file_read(dirfd(d), e->d_name, SAVED_MAX, &text, NULL) < 0)
                        continue;
                name = strndup(e->d_name, (size_t) (suffix - e->d_name));
                if (name)
                        resume_saved(m, name, text);
        }
}
