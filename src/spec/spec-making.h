/* What the parts of spec_make() share. For spec-*.c only. */
#pragma once

#include "spec/spec-make.h"

/* What every step gets to see. */
typedef struct Making {
        const UnitSpec *unit;
        const char *title; /* of the section that the keys are in */
        const ContainerSection *section;
        const ImageConfig *image; /* never NULL: an empty one with Rootfs= */
        const ManagerConfig *config;
        const SpecSources *sources;
        Diag *diag;
} Making;

/* The steps that are not in spec-make.c; each returns as spec_make() does. */
int spec_make_spaces(const Making *m, ContainerSpec *s);
int spec_make_users(const Making *m, ContainerSpec *s);
int spec_make_schedule(const Making *m, ContainerSpec *s);
int spec_make_confinement(const Making *m, ContainerSpec *s);
int spec_make_health(const Making *m, ContainerSpec *s);
int spec_make_network(const Making *m, ContainerSpec *s);
int spec_make_limits(const Making *m, ContainerSpec *s);

/** spec_space_choices() - what the unit says of each kind of namespace. */
void spec_space_choices(const ContainerSection *c, const NamespaceChoice *ret[SPACE_N_]);

/** spec_has_id_maps() - does the unit map ids by itself? */
bool spec_has_id_maps(const UserKeys *k);

/** spec_copy_text() - NULL stays NULL. 0 or -ENOMEM. */
int spec_copy_text(const char *text, char **ret);

/** spec_copy_items() - a copy of @n plain items; NULL for none. 0 or -ENOMEM. */
int spec_copy_items(const void *items, size_t n, size_t size, void *ret, size_t *ret_n);
