/* Which namespaces of a container are not its own. */
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "spec/spec-making.h"

static int copy_choice(const NamespaceChoice *from, NamespaceChoice *to) {
        int r;

        to->mode = from->mode;
        to->at = from->at;
        r = spec_copy_text(from->unit, &to->unit);
        return r < 0 ? r : spec_copy_text(from->path, &to->path);
}

/*
 * Who shares a namespace with another container shares its users too, unless the unit says otherwise: what
 * belongs to other users can be seen and not used (no port below 1024, no /proc, no message queues).
 */
static const NamespaceChoice *shared_users(const Making *m) {
        static const Space order[] = { SPACE_NETWORK, SPACE_PID, SPACE_IPC, SPACE_UTS, SPACE_TIME };
        const NamespaceChoice *choices[SPACE_N_];
        const UserKeys *k = m->section->users;

        spec_space_choices(m->section, choices);
        if (k->namespace.mode == USERNS_SHARED)
                return &k->namespace.shared;
        if (k->namespace.mode != USERNS_DEFAULT || spec_has_id_maps(k) || !m->config->security.user_namespace)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(order); i++)
                if (choices[order[i]]->mode == NAMESPACE_UNIT)
                        return choices[order[i]];
        return NULL;
}

void spec_space_choices(const ContainerSection *c, const NamespaceChoice *ret[SPACE_N_]) {
        ret[SPACE_PID] = &c->spaces->pid;
        ret[SPACE_IPC] = &c->spaces->ipc;
        ret[SPACE_UTS] = &c->spaces->uts;
        ret[SPACE_CGROUP] = &c->spaces->cgroup;
        ret[SPACE_TIME] = &c->spaces->time;
        ret[SPACE_NETWORK] = &c->network.choice.shared;
        ret[SPACE_USER] = &c->users->namespace.shared;
}

/* What a pod has for all its containers. */
static bool is_pods(Space space) {
        return space == SPACE_IPC || space == SPACE_UTS || space == SPACE_NETWORK;
}

int spec_make_spaces(const Making *m, ContainerSpec *s) {
        const NamespaceChoice pod = { .mode = NAMESPACE_UNIT, .unit = m->section->pod };
        const NamespaceChoice *choices[SPACE_N_];
        bool said = false;
        int r = 0;

        spec_space_choices(m->section, choices);
        for (size_t i = 0; pod.unit && i < SPACE_USER; i++)
                if (is_pods((Space) i) && choices[i]->mode == NAMESPACE_DEFAULT)
                        choices[i] = &pod;
        choices[SPACE_USER] = pod.unit ? &pod : shared_users(m);
        for (size_t i = 0; i < SPACE_N_; i++)
                said = said || (choices[i] && choices[i]->mode != NAMESPACE_DEFAULT);
        if (said && !(s->spaces = calloc(SPACE_N_, sizeof(*s->spaces))))
                return -ENOMEM;
        for (size_t i = 0; said && r == 0 && i < SPACE_N_; i++)
                if (choices[i])
                        r = copy_choice(choices[i], &s->spaces[i]);
        s->monotonic_offset = m->section->spaces->monotonic_offset;
        s->boottime_offset = m->section->spaces->boottime_offset;
        return r;
}
