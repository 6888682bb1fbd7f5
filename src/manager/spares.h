/*
 * Network namespaces that are ready for containers to come, as many as spare-namespaces of nsunitd.conf says.
 *
 * One with a user namespace has the whole of it: a range of ids that is mapped already, because what the
 * kernel makes in a network namespace belongs to the root of that map from the beginning. They are made when
 * the loop has nothing else to do, one in a turn, and a start that finds none makes its own. Nobody but this
 * process holds them: they end with it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "basic/cleanup.h"
#include "manager/manager.h"

typedef struct Spares Spares;

typedef struct Spare {
        uint32_t id_base; /* of users.id-count ids, 0 = it has no user namespace */
        int userns_fd;    /* which owns the other; -EBADF = it has none */
        int netns_fd;
} Spare;

/** spares_new() - those of @m, which outlives them; NULL when nsunitd.conf wants none, or when there cannot
 * be any, which is told. */
Spares *spares_new(Manager *m);

/** spares_free() - and of all that are there, whose ids are given back. NULL is fine. */
void spares_free(Spares *s);

AUTOPTR_DEFINE(Spares, spares_free);

/**
 * spares_take() - one for a start; another one is made in a while
 * @s:     NULL has none
 * @users: with a user namespace? Those to come are of the kind that was asked for last
 * @ret:   the descriptors and the range of ids are the caller's
 */
bool spares_take(Spares *s, bool users, Spare *ret);

/** spares_yield() - give up all, whose ids are needed otherwise. NULL is fine. */
void spares_yield(Spares *s);
