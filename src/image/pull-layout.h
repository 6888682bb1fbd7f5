/* The OCI layouts in which pulls collect blobs: STORE/pulls/KEY. For image/ only. */
#pragma once

#include "image/pull-request.h"
#include "image/store.h"

#define PULLS_DIR "pulls"

typedef struct PullLayout {
        int pulls_fd;
        int fd; /* of the layout; locked by us */
        char key[65];
} PullLayout;

/** pull_layout_key() - the same for all requests that one pull can serve: hex SHA-256. 0, -EIO or -ENOMEM. */
int pull_layout_key(const PullRequest *q, char ret[65]);

/** pull_layout_open() - make it, or take up what is left of an earlier attempt. Waits for one that is just
 * dying. */
int pull_layout_open(ImageStore *store, const char *key, PullLayout *ret, Fault *fault);

/** pull_layout_renew() - before each run of skopeo: only whole blobs, and stand-ins for layers that the store
 * has. The store must be locked, so that none of those goes. */
int pull_layout_renew(const PullLayout *l, ImageStore *store, Fault *fault);

/** pull_layout_close() - @remove it, or leave it for the next attempt. */
void pull_layout_close(PullLayout *l, bool remove);
