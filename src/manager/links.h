/* Links of a unit beside those of its networks. For the files of this folder. */
#pragma once

#include "manager/internal.h"

/* Do packets of it go through the host, its routes and its firewalls? */
bool unit_is_forwarded(const Unit *u);
int unit_make_links(Unit *u, Fault *fault);
void unit_drop_links(Unit *u);
/* In memory only. */
void unit_forget_links(Unit *u);
void unit_links_save(const Unit *u, json_t *state);
int unit_links_adopt(Unit *u, const json_t *state);
