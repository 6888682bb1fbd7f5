/*
 * Which image a unit means, and having it fetched or built before the unit is prepared. What that brings is
 * found by its name in the store afterwards, as everything else there.
 */
#include <stdlib.h>

#include "basic/log.h"
#include "basic/message-id.h"
#include "basic/strv.h"
#include "image/reference.h"
#include "manager/internal.h"
#include "spec/build-section.h"
#include "spec/container-section.h"
#include "spec/image-section.h"
#include "spec/volume-section.h"

/* What a unit says about its image; all borrowed but the sources. */
typedef struct Wish {
        const char *name; /* under which the store has it, or will */
        PullPolicy policy;
        PullRequest request;
} Wish;

static void wish_clear(Wish *w) {
        strv_free(w->request.sources);
}

#define autowish __attribute__((cleanup(wish_clear)))

static const char *name_of(const ImageSection *s) {
        return s->tag ? s->tag : s->image;
}

/* What Image= comes to. */
typedef struct Named {
        const char *name;            /* in the store */
        const ImageSection *section; /* of the .image unit; NULL = it names none */
        bool built;                  /* by a .build unit */
        const char *unit;            /* that of either */
} Named;

static int look_up(Manager *m, const char *text, Named *ret, Fault *fault) {
        const UnitKind kind = unit_name_kind(text);
        Unit *u;
        int r;

        *ret = (Named){ .name = text, .unit = text };
        if (kind != UNIT_IMAGE && kind != UNIT_BUILD)
                return 0;
        r = manager_load_unit(m, text, &u);
        if (r >= 0 && !u->spec)
                r = -EBADMSG;
        if (r < 0)
                return fault_set(fault, "image", r, "%s", text);

        ret->built = kind == UNIT_BUILD;
        ret->section = ret->built ? NULL : u->spec->image;
        ret->name = ret->built ? u->spec->build->image_tags[0] : name_of(ret->section);
        return 0;
}

/* @ret_name: the one of possible names under which the store has it; free(). May be NULL. */
static int find_image(Manager *m, const char *text, Image **ret, char **ret_name, Fault *fault) {
        autostrv char **names = NULL;
        const char *found;
        Named named;
        int r;

        r = look_up(m, text, &named, fault);
        if (r < 0)
                return r;
        found = text = named.name;

        r = image_store_resolve(m->images, text, ret, NULL);
        if (r == -ENOENT && reference_expand(text, m->config->image.short_name_registries, &names) == 0)
                STRV_FOREACH (name, names)
                        if (r == -ENOENT) {
                                found = *name;
                                r = image_store_resolve(m->images, *name, ret, NULL);
                        }
        if (r >= 0 && ret_name) {
                *ret_name = strdup(found);
                return *ret_name ? 0 : -ENOMEM;
        }
        if (r >= 0)
                return r;

        (void) fault_set(fault, "image", r, "%s", text);
        if (r == -ENOENT)
                fault_advise(fault,
                             named.built ? "nsctl start %s builds it"
                                         : "nsctl image pull %s, or nsctl image import --name %s FILE",
                             named.built ? named.unit : text, text);
        return r;
}

int manager_find_image(Manager *m, const char *text, Image **ret, Fault *fault) {
        return find_image(m, text, ret, NULL, fault);
}

int unit_image_name(Unit *u, char **ret, Fault *fault) {
        autoptr(Image) image = NULL;

        return find_image(u->manager, u->spec->container->image, &image, ret, fault);
}

static void add_section(const ImageSection *s, PullRequest *q) {
        *q = (PullRequest){
                .name = s->tag,
                .all_tags = s->all_tags,
                .architecture = s->arch,
                .os = s->os,
                .variant = s->variant,
                .auth_file = s->registry.auth_file,
                .certificates = s->registry.certificates,
                .credentials = s->registry.credentials,
                .decryption_key = s->registry.decryption_key,
                .no_tls_verify = !s->registry.tls_verify,
                .retry = s->registry.retry,
                .retry_delay = s->registry.retry_delay,
        };
}

/* Returns 1 with a wish, 0 when the unit has none. */
static int wish_of(Unit *u, Wish *w, Fault *fault) {
        const ContainerSection *c = u->spec->kind == UNIT_CONTAINER ? u->spec->container : NULL;
        const ImageSection *s = u->spec->kind == UNIT_IMAGE ? u->spec->image : NULL;
        Named named = {};
        const char *source = c                              ? c->image
                             : u->spec->kind == UNIT_VOLUME ? volume_image(u->spec->volume)
                                                            : NULL;
        int r;

        *w = (Wish){ .policy = PULL_MISSING };
        if (!s && !source)
                return 0;
        if (source) {
                r = look_up(u->manager, source, &named, fault);
                if (r < 0)
                        return r;
                s = named.section;
        }
        if (s)
                add_section(s, &w->request);
        if (c || s)
                w->policy = c ? c->pull : s->policy;
        if (c) {
                w->request.retry = c->retry;
                w->request.retry_delay = c->retry_delay;
        }

        source = s ? s->image : source;
        w->name = s ? name_of(s) : source;
        if (named.built) {
                w->name = named.name;
                return 1;
        }
        r = reference_expand(source, u->manager->config->image.short_name_registries, &w->request.sources);
        return r < 0 ? fault_set(fault, "image", r, "%s", source) : 1;
}

static PullDecision decide(Unit *u, const Wish *w) {
        autoptr(Reference) ref = NULL;
        autoptr(Image) image = NULL;
        PullFacts facts = { .reachable = w->request.sources != NULL };

        /* One for another machine, of the same name, is not the one that is meant. */
        facts.present =
                manager_find_image(u->manager, w->name, &image, NULL) >= 0 &&
                (!w->request.architecture || streq_null(image->architecture, w->request.architecture));
        if (reference_parse(w->name, &ref) == 0)
                facts.pinned = ref->digest != NULL;
        facts.path = facts.reachable && reference_path(w->request.sources[0]);
        return pull_decide(w->policy, &facts);
}

/* A .image or .build unit that is about to be started may bring another one. */
static bool is_to_come(const Unit *u) {
        const char *name = u->spec->kind == UNIT_CONTAINER ? u->spec->container->image : NULL;
        const Unit *other = name ? manager_get_unit(u->manager, name) : NULL;

        return other && job_queue_of_unit(u->manager->jobs, other->index);
}

char *unit_image_named(Unit *u) {
        autoptr(Image) image = NULL;
        autowish Wish w = {};

        if (!u->spec || wish_of(u, &w, NULL) <= 0 || manager_find_image(u->manager, w.name, &image, NULL) < 0)
                return NULL;
        return strdup(image->id);
}

bool unit_image_stays(Unit *u) {
        autoptr(Image) image = NULL;
        autowish Wish w = {};

        if (!u->held.image)
                return true;
        if (unit_update_image(u))
                return streq(unit_update_image(u)->id, u->held.image->id);
        return !is_to_come(u) && wish_of(u, &w, NULL) > 0 && decide(u, &w) == PULL_DECISION_USE &&
               manager_find_image(u->manager, w.name, &image, NULL) >= 0 &&
               streq(image->id, u->held.image->id);
}

static void show(Unit *u, const char *text) {
        if (streq_null(u->status_text, text))
                return;
        free(u->status_text);
        u->status_text = text ? strdup(text) : NULL;
        manager_tell_changed(u->manager, u);
}

static void on_event(const PullEvent *e, void *data) {
        autofree char *text = NULL;
        int n = -1;

        switch (e->kind) {
        case PULL_EVENT_FETCH:
                n = asprintf(&text, "Pulling its image");
                break;
        case PULL_EVENT_UNPACK:
                n = asprintf(&text, "Unpacking its image, layer %s", e->text);
                break;
        case PULL_EVENT_RETRY:
                n = asprintf(&text, "Pulling its image again in %" PRIu64 " s: %s", e->total, e->text);
                break;
        case PULL_EVENT_BUILD:
                n = asprintf(&text, "Building, %s", e->text);
                break;
        case PULL_EVENT_WAIT:
                n = unit_name_kind(((Unit *) data)->name) == UNIT_BUILD
                            ? asprintf(&text, "Building, waiting for another build")
                            : asprintf(&text, "Waiting for other pulls, %" PRIu64 " under way", e->total);
                break;
        case PULL_EVENT_LOST:
        case PULL_EVENT_N_:
        case PULL_EVENT_INVALID_:
                return;
        }
        if (n < 0)
                text = NULL;
        else
                show(data, text);
}

static void on_done(int r, const char *text, void *data) {
        autoptr(Image) image = NULL;
        autowish Wish w = {};
        Unit *u = data;

        u->pull = NULL;
        show(u, NULL);
        unit_build_settle(u);
        if (r < 0 && wish_of(u, &w, NULL) > 0 && decide(u, &w) == PULL_DECISION_TRY) {
                log_entry(LOG_WARNING, u->name, EXPLAINED(MESSAGE_OLD_IMAGE),
                          "started from the image that is there: %s", text);
                r = 0;
        }
        unit_image_came(u, r < 0 ? text : NULL);
}

int unit_fetch_image(Unit *u, Fault *fault) {
        const PullWatch watch = { .event = on_event, .done = on_done, .data = u };
        autowish Wish w = {};
        int r;

        if (!u->spec)
                return 0; /* the preparation says so */
        if (u->spec->kind == UNIT_BUILD) {
                show(u, "Building");
                r = unit_build_image(u, &watch, &u->pull, fault);
                if (r < 0)
                        show(u, NULL);
                return r < 0 ? r : 1;
        }
        /* It was brought here before, and perhaps it is just not to be what a registry has. */
        if (unit_update_image(u))
                return 0;
        r = wish_of(u, &w, fault);
        if (r <= 0)
                return r;

        switch (decide(u, &w)) {
        case PULL_DECISION_USE:
                return 0;
        case PULL_DECISION_LACKS:
                (void) fault_set(fault, "image", -ENOENT, "%s", w.name);
                fault_advise(fault, "%s: nsctl image pull %s, or nsctl image import --name %s FILE",
                             w.request.sources ? "it is never pulled" : "no registry can have it", w.name,
                             w.name);
                return -ENOENT;
        case PULL_DECISION_FETCH:
        case PULL_DECISION_TRY:
                break;
        }

        show(u, "Pulling its image");
        r = pull_join(u->manager, &w.request, &watch, &u->pull);
        if (r < 0) {
                show(u, NULL);
                return fault_set(fault, "pull", r, "%s", w.name);
        }
        return 1;
}

void unit_forget_image(Unit *u) {
        if (!u->pull)
                return;

        pull_leave(take_ptr(u->pull));
        show(u, NULL);
}

/* --- updates ---------------------------------------------------------------------------------------- */

static int wish_of_registry(Unit *u, Wish *w, Fault *fault) {
        int r = wish_of(u, w, fault);

        if (r < 0 || w->request.sources)
                return MIN_OF(r, 0);
        (void) fault_set(fault, "update", -EINVAL, "%s", w->name);
        fault_advise(fault, "no registry can have it");
        return -EINVAL;
}

int unit_compare_image(Unit *u, ManagerReplyFn reply, void *data, Worker **ret, Fault *fault) {
        char *args[] = { (char *) "compare", u->manager->config->paths.store, (char *) "fd:3",
                         u->held.image->id, NULL };
        WorkerCall call = { .program = PROGRAM_ARCHIVER, .args = args, .reply = reply, .data = data };
        autoclose int fd = -EBADF;
        autofree char *text = NULL;
        autowish Wish w = {};
        int r;

        r = wish_of_registry(u, &w, fault);
        if (r == 0)
                r = pull_request_to_text(&w.request, &text);
        if (r < 0)
                return r;
        fd = worker_input(text);
        if (fd < 0)
                return fd;
        call.fd = fd;
        return worker_run(u->manager, &call, ret);
}

int unit_pull_image(Unit *u, const PullWatch *watch, PullWaiter **ret, Fault *fault) {
        autowish Wish w = {};
        int r;

        r = wish_of_registry(u, &w, fault);
        if (r == 0)
                r = pull_join(u->manager, &w.request, watch, ret);
        return r < 0 ? fault_set(fault, "pull", r, "%s", strempty(w.name)) : 0;
}

/* --- pulls by hand ---------------------------------------------------------------------------------- */

struct ImagePull {
        PullWaiter *waiter;
        ImagePullFn event;
        ManagerReplyFn done;
        void *data;
};

static void on_pull_event(const PullEvent *e, void *data) {
        const ImagePull *p = data;

        if (p->event)
                p->event(pull_event_kind_to_string(e->kind), e->text, e->done, e->total, p->data);
}

static void on_pull_done(int r, const char *text, void *data) {
        autofree ImagePull *p = data;

        p->done(r, text, p->data);
}

/* "linux/arm64/v8", "arm64". */
static int split_platform(const char *text, PullRequest *q, char ***ret) {
        char **parts;
        size_t n;
        int r;

        r = strv_split(text, "/", ret);
        if (r < 0)
                return r;
        parts = *ret;
        n = strv_length(parts);
        if (n == 0 || n > 3)
                return -EINVAL;
        if (n > 1)
                q->os = parts[0];
        q->architecture = parts[n > 1 ? 1 : 0];
        q->variant = n > 2 ? parts[2] : NULL;
        return 0;
}

int manager_pull_image(Manager *m, const ImagePullCall *call, ImagePullFn event, ManagerReplyFn done,
                       void *data, ImagePull **ret, Fault *fault) {
        autofree ImagePull *p = calloc(1, sizeof(*p));
        const PullWatch watch = { .event = on_pull_event, .done = on_pull_done, .data = p };
        autostrv char **sources = NULL, **platform = NULL;
        PullRequest q = {
                .auth_file = (char *) call->auth_file,
                .certificates = (char *) call->certificates,
                .credentials = (char *) call->credentials,
                .no_tls_verify = call->no_tls_verify,
                .all_tags = call->all_tags,
                .name = (char *) call->name,
                .retry = call->retry,
                .retry_delay = USEC_INFINITY,
        };
        int r;

        if (!p)
                return -ENOMEM;
        r = call->platform ? split_platform(call->platform, &q, &platform) : 0;
        if (r < 0)
                return fault_set(fault, "platform", r, "%s", call->platform);
        r = reference_expand(call->reference, m->config->image.short_name_registries, &sources);
        if (r == 0 && !sources) {
                r = fault_set(fault, "pull", -EINVAL, "%s", call->reference);
                fault_advise(fault, "no registry can have it");
        }
        if (r < 0)
                return fault_set(fault, "pull", r, "%s", call->reference);

        p->event = event;
        p->done = done;
        p->data = data;
        q.sources = sources;
        r = pull_join(m, &q, &watch, &p->waiter);
        if (r < 0)
                return fault_set(fault, "pull", r, "%s", call->reference);
        *ret = take_ptr(p);
        return 0;
}

void manager_pull_forget(ImagePull *p) {
        pull_leave(p->waiter);
        free(p);
}
