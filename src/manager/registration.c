/* See registration.h. */
#include <ctype.h>
#include <net/if.h>

#include "basic/file.h"
#include "basic/strv.h"
#include "manager/internal.h"
#include "manager/registration.h"

void registration_done(Registration *r) {
        free(r->root);
        free(r->interfaces);
}

pid_t unit_leader(const Unit *u) {
        autofree char *path = u->main && u->held.spec ? unit_cgroup(u) : NULL;

        return path && startswith(path, CGROUP_PLACE "/") ? u->main_pid : 0;
}

/* Letters and digits, with single "." and any "-" between them: nothing else is a host name (systemd,
 * hostname_is_valid()). */
static void make_name(const char *name, char ret[static REGISTRATION_NAME_MAX + 1]) {
        size_t n = 0;

        for (; *name && n < REGISTRATION_NAME_MAX; name++) {
                char before = n > 0 ? ret[n - 1] : '.';

                if (isascii(*name) && isalnum((unsigned char) *name))
                        ret[n++] = *name;
                else if (before != '.' && (*name != '.' || before != '-'))
                        ret[n++] = *name == '.' ? '.' : '-';
        }
        while (n > 0 && strchr(".-", ret[n - 1]))
                n--;
        ret[n] = '\0';
}

static int find_interfaces(const Attachment *a, Registration *r) {
        r->interfaces = a && a->n_links > 0 ? calloc(a->n_links, sizeof(int)) : NULL;
        if (a && a->n_links > 0 && !r->interfaces)
                return -ENOMEM;
        for (size_t i = 0; a && i < a->n_links; i++) {
                unsigned index = if_nametoindex(a->links[i].host_name);

                if (index > 0)
                        r->interfaces[r->n_interfaces++] = (int) index;
        }
        return 0;
}

int unit_registration(const Unit *u, Registration *ret) {
        Registration r = { .leader = unit_leader(u) };
        int error;

        make_name(u->held.spec->name, r.name);
        if (asprintf(&r.root, "%s/held/%s/root", u->manager->config->paths.run, u->name) < 0) {
                r.root = NULL;
                return -ENOMEM;
        }
        error = find_interfaces(u->held.attachment, &r);
        if (error < 0) {
                registration_done(&r);
                return error;
        }
        *ret = r;
        return 0;
}
