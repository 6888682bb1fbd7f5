/*
 * What manager and keeper (nsunits-keeper.c) say to each other, over a Unix socket that keeps messages apart.
 * The keeper of an older version serves a newer manager: verbs may be added, but none may change.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "basic/fd-message.h"

/* Labels are the manager's; to the keeper they are bytes. A unit's name, a word, a number, a name of 255. */
#define KEEPER_LABEL_MAX 640

/* systemd's NOTIFY_BUFFER_MAX. */
#define KEEPER_TEXT_MAX 4096

typedef enum KeeperVerb {
        /* From the manager: */
        KEEPER_PUT = 1, /* hold this descriptor under this label, in place of what it had */
        KEEPER_DROP,    /* close what has this label */
        KEEPER_LIST,    /* say all: ENTRY for each, followed by its MESSAGEs; END */
        KEEPER_FORGET,  /* the messages of this label, which the manager has dealt with */
        /* From the keeper: */
        KEEPER_ENTRY = 16,
        KEEPER_MESSAGE,
        KEEPER_END,
} KeeperVerb;

enum {
        /* PUT, ENTRY: messages come to this socket. While there is no manager, the keeper takes them, so that
         * no sender has to wait for one. */
        KEEPER_LISTENS = 1 << 0,
};

typedef struct KeeperHeader {
        uint32_t verb, flags;
        struct ucred sender; /* of a MESSAGE */
        uint32_t label_size; /* the label follows, and then the text of a MESSAGE */
} KeeperHeader;

#define KEEPER_DATA_MAX (sizeof(KeeperHeader) + KEEPER_LABEL_MAX + KEEPER_TEXT_MAX)

/* A message that was taken apart; label and text lie in the buffer that it came in. */
typedef struct KeeperMessage {
        KeeperHeader header;
        const char *label, *text;
        size_t text_size;
} KeeperMessage;

/** keeper_message_parse() - what was received. Returns 0 or -EBADMSG. */
static inline int keeper_message_parse(const FdMessage *raw, KeeperMessage *ret) {
        if (raw->size < sizeof(ret->header) || raw->size > KEEPER_DATA_MAX)
                return -EBADMSG;
        memcpy(&ret->header, raw->data, sizeof(ret->header));
        if (ret->header.label_size > KEEPER_LABEL_MAX ||
            ret->header.label_size > raw->size - sizeof(ret->header))
                return -EBADMSG;
        ret->label = raw->data + sizeof(ret->header);
        ret->text = ret->label + ret->header.label_size;
        ret->text_size = raw->size - sizeof(ret->header) - ret->header.label_size;
        return 0;
}

/** keeper_message_send() - @m, whose header.label_size says how much of .label counts. */
static inline int keeper_message_send(int fd, int flags, const KeeperMessage *m, const int *fds,
                                      size_t n_fds) {
        const struct iovec parts[] = {
                { .iov_base = (void *) &m->header, .iov_len = sizeof(m->header) },
                { .iov_base = (void *) m->label, .iov_len = m->header.label_size },
                { .iov_base = (void *) m->text, .iov_len = m->text_size },
        };

        return fd_message_send(fd, flags, parts, 3, fds, n_fds);
}
