#include "image/commit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "basic/strv.h"
#include "image/import-internal.h"
#include "image/json.h"

static void set_member(json_t *o, const char *key, json_t *value, int *r) {
        if (*r == 0 && json_object_set_new(o, key, value) < 0)
                *r = -ENOMEM;
}

static int append(json_t *o, const char *key, json_t *value) {
        json_t *list = json_object_get(o, key);

        if (!json_is_array(list)) {
                list = json_array();
                if (json_object_set_new(o, key, list) < 0) {
                        json_decref(value);
                        return -ENOMEM;
                }
        }
        return json_array_append_new(list, value) < 0 ? -ENOMEM : 0;
}

/* The configuration of the base with one more layer; what we do not know of it stays as it is. */
static int make_config(json_t *config, const char *diff_id, const char *comment) {
        json_t *rootfs = json_object_get(config, "rootfs"), *entry;
        char when[32];
        time_t now = time(NULL);
        struct tm tm;
        int r;

        if (!json_is_object(rootfs) || !gmtime_r(&now, &tm))
                return -EBADMSG;
        (void) strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
        entry = json_pack("{s:s, s:s, s:s*}", "created", when, "created_by", "nsctl commit", "comment",
                          comment && *comment ? comment : NULL);
        r = append(config, "history", entry);
        if (r == 0)
                r = append(rootfs, "diff_ids", json_sprintf("sha256:%s", diff_id));
        set_member(config, "created", json_string(when), &r);
        return r;
}

static int enter(Import *i, const Image *base, const CommitRequest *q, const char *diff_id) {
        autofree char *text = NULL, *new_text = NULL;
        autoptr(ConfigBlob) config = NULL;
        autojson json_t *j = NULL;
        ImportImage image = {};
        size_t size;
        int r;

        r = store_blob_read(i->store, base->id, &text, &size, i->fault);
        if (r == 0)
                r = json_parse_object(text, size, "configuration", &j, i->fault);
        if (r == 0)
                r = make_config(j, diff_id, q->comment);
        if (r == 0)
                r = json_print(j, &new_text);
        if (r == 0)
                r = config_blob_parse(new_text, strlen(new_text), &config, i->fault);
        if (r < 0)
                return r;
        image.config_text = new_text;
        image.config_size = strlen(new_text);
        image.config = config;
        return import_finish(i, &image);
}

static int commit_locked(Import *i, const CommitRequest *q) {
        autoclose int lock = store_lock(i->store, false);
        autoptr(Image) base = NULL;
        char diff_id[65];
        int *lowers, r;
        size_t n;

        if (lock < 0)
                return fault_set(i->fault, "store", lock, "lock");
        i->lock_fd = lock;
        r = image_store_resolve(i->store, q->base, &base, i->fault);
        if (r == 0)
                r = image_store_layers_open(i->store, base, &lowers, &n, i->fault);
        if (r < 0)
                return r;
        r = import_new_layer(i, q->fd, "what the container has written", lowers, n, diff_id);
        image_layers_close(lowers, n);
        return r < 0 ? r : enter(i, base, q, diff_id);
}

int image_commit(ImageStore *store, const CommitRequest *q, ImportReport *ret, Fault *fault) {
        const ImportRequest request = { .name = q->name };
        Import import = { .store = store,
                          .request = &request,
                          .limits = IMPORT_LIMITS_DEFAULT,
                          .fault = fault,
                          .life_fd = -EBADF };
        int r;

        (void) signal(SIGPIPE, SIG_IGN);
        r = commit_locked(&import, q);
        (void) image_store_collect(store, NULL);
        if (r < 0) {
                free(import.report.name);
                return fault_set(fault, "commit", r, NULL);
        }
        *ret = import.report;
        return 0;
}
