/*
 * Which image a unit means, and having it fetched before the unit is prepared. What a pull brings is found
 * by its name in the store afterwards, as everything else there.
 */
#include <stdlib.h>

#include "basic/log.h"
#include "basic/strv.h"
#include "image/reference.h"
#include "manager/internal.h"
#include "spec/container-section.h"
#include "spec/image-section.h"

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

/* NULL when @text names no .image unit. */
static int section_of_unit(Manager *m, const char *text, const ImageSection **ret, Fault *fault) {
        Unit *u;
        int r;

        *ret = NULL;
        if (unit_name_kind(text) != UNIT_IMAGE)
                return 0;
        r = manager_load_unit(m, text, &u);
        if (r >= 0 && !u->spec)
                r = -EBADMSG;
        if (r < 0)
                return fault_set(fault, "image", r, "%s", text);
        *ret = u->spec->image;
        return 0;
}

static const char *name_of(const ImageSection *s) {
        return s->tag ? s->tag : s->image;
}

int manager_find_image(Manager *m, const char *text, Image **ret, Fault *fault) {
        autostrv char **names = NULL;
        const ImageSection *section;
        int r;

        r = section_of_unit(m, text, &section, fault);
        if (r < 0)
                return r;
        text = section ? name_of(section) : text;

        r = image_store_resolve(m->images, text, ret, NULL);
        if (r == -ENOENT && reference_expand(text, m->config->image.short_name_registries, &names) == 0)
                STRV_FOREACH (name, names)
                        if (r == -ENOENT)
                                r = image_store_resolve(m->images, *name, ret, NULL);
        if (r >= 0)
                return r;

        (void) fault_set(fault, "image", r, "%s", text);
        if (r == -ENOENT)
                fault_advise(fault, "nsctl image pull %s, or nsctl image import --name %s FILE", text, text);
        return r;
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
        const char *source;
        int r;

        *w = (Wish){};
        if (!s && (!c || !c->image))
                return 0;
        if (c) {
                r = section_of_unit(u->manager, c->image, &s, fault);
                if (r < 0)
                        return r;
        }
        if (s)
                add_section(s, &w->request);
        w->policy = c ? c->pull : s->policy;
        if (c) {
                w->request.retry = c->retry;
                w->request.retry_delay = c->retry_delay;
        }

        source = s ? s->image : c->image;
        w->name = s ? name_of(s) : source;
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
        return wish_of(u, &w, NULL) > 0 && decide(u, &w) == PULL_DECISION_USE &&
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
        if (r < 0 && wish_of(u, &w, NULL) > 0 && decide(u, &w) == PULL_DECISION_TRY) {
                log_message(LOG_WARNING, u->name, "started from the image that is there: %s", text);
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

        r = pull_join(u->manager, &w.request, &watch, &u->pull);
        if (r < 0)
                return fault_set(fault, "pull", r, "%s", w.name);
        show(u, "Pulling its image");
        return 1;
}

void unit_forget_image(Unit *u) {
        if (!u->pull)
                return;

        pull_leave(take_ptr(u->pull));
        show(u, NULL);
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
