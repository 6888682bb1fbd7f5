/* The kernel tells the number of the socket (sock_diag(7)), and below /proc is who has it open. */
#include "network/listener.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "network/listeners.h"

typedef struct Search {
        char link[32]; /* how a descriptor of it reads */
        char *found;
} Search;

static int on_descriptor(int dir_fd, const char *name, void *data) {
        char target[sizeof(((Search *) 0)->link)] = "";
        Search *s = data;

        return readlinkat(dir_fd, name, target, sizeof(target) - 1) > 0 && streq(target, s->link);
}

static int on_process(int dir_fd, const char *name, void *data) {
        autofree char *command = NULL;
        char path[64];
        Search *s = data;

        if (!isdigit((unsigned char) name[0]))
                return 0;
        (void) snprintf(path, sizeof(path), "/proc/%.16s/fd", name);
        if (dir_each(AT_FDCWD, path, on_descriptor, s) <= 0)
                return 0;
        (void) snprintf(path, sizeof(path), "/proc/%.16s/comm", name);
        if (file_read_line(AT_FDCWD, path, &command) < 0 ||
            asprintf(&s->found, "process %s (%s)", name, command) < 0)
                s->found = NULL;
        return 1;
}

char *listener_find(Protocol protocol, uint16_t port) {
        autofree Listener *listeners = NULL;
        Search s = {};
        size_t n = 0;

        if (listeners_find(-1, protocol, port, &listeners, &n) < 0)
                return NULL;
        for (size_t i = 0; i < n && !s.found; i++) {
                (void) snprintf(s.link, sizeof(s.link), "socket:[%u]", listeners[i].inode);
                if (listeners[i].inode > 0)
                        (void) dir_each(AT_FDCWD, "/proc", on_process, &s);
        }
        return s.found;
}
