/* Requests for a pull as JSON, and the policy. Pure. */
#include "image/pull-request.h"

#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "image/json.h"

#define RETRY_DELAY_FIRST (2 * USEC_PER_SEC)
#define RETRY_DELAY_LAST  (5 * 60 * USEC_PER_SEC)
#define PATIENCE_LAST     (24 * 60 * 60 * USEC_PER_SEC)

void pull_request_free(PullRequest *q) {
        if (!q)
                return;

        strv_free(q->sources);
        free(q->name);
        free(q->architecture);
        free(q->os);
        free(q->variant);
        free(q->auth_file);
        free(q->certificates);
        free(q->credentials);
        free(q->decryption_key);
        free(q);
}

static const struct {
        const char *name;
        size_t offset;
} texts[] = {
        { "name", offsetof(PullRequest, name) },
        { "architecture", offsetof(PullRequest, architecture) },
        { "os", offsetof(PullRequest, os) },
        { "variant", offsetof(PullRequest, variant) },
        { "auth_file", offsetof(PullRequest, auth_file) },
        { "certificates", offsetof(PullRequest, certificates) },
        { "credentials", offsetof(PullRequest, credentials) },
        { "decryption_key", offsetof(PullRequest, decryption_key) },
};

static char **text_of(const PullRequest *q, size_t i) {
        return (char **) ((char *) q + texts[i].offset);
}

static json_t *to_json(const PullRequest *q) {
        autojson json_t *o = json_pack("{s:o, s:b, s:b}", "sources", json_from_strv(q->sources), "all_tags",
                                       q->all_tags, "no_tls_verify", q->no_tls_verify);

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                const char *text = *text_of(q, i);

                if (text && json_object_set_new(o, texts[i].name, json_string(text)) < 0)
                        return NULL;
        }
        return take_ptr(o);
}

int pull_request_to_text(const PullRequest *q, char **ret) {
        autojson json_t *o = to_json(q);

        if (!o || json_object_set_new(o, "retry", json_integer(q->retry)) < 0 ||
            json_object_set_new(o, "retry_delay", json_integer((json_int_t) q->retry_delay)) < 0)
                return -ENOMEM;
        return json_print(o, ret);
}

int pull_request_parse(const char *text, size_t size, PullRequest **ret, Fault *fault) {
        autoptr(PullRequest) q = calloc(1, sizeof(*q));
        autojson json_t *o = NULL;
        int r;

        if (!q)
                return -ENOMEM;
        r = json_parse_object(text, size, "request", &o, fault);
        if (r == 0)
                r = json_copy_strv(json_object_get(o, "sources"), &q->sources);
        if (r == 0 && !q->sources)
                r = fault_set(fault, "request", -EBADMSG, "no source");
        for (size_t i = 0; i < ELEMENTSOF(texts) && r == 0; i++)
                r = json_copy_string(json_object_get(o, texts[i].name), text_of(q, i));
        if (r < 0)
                return r;

        q->all_tags = json_is_true(json_object_get(o, "all_tags"));
        q->no_tls_verify = json_is_true(json_object_get(o, "no_tls_verify"));
        q->retry = (unsigned) json_integer_value(json_object_get(o, "retry"));
        q->retry_delay = (usec_t) json_integer_value(json_object_get(o, "retry_delay"));
        *ret = take_ptr(q);
        return 0;
}

int pull_request_identity(const PullRequest *q, char **ret) {
        autojson json_t *o = to_json(q);

        *ret = o ? json_dumps(o, JSON_SORT_KEYS) : NULL;
        return *ret ? 0 : -ENOMEM;
}

usec_t pull_retry_delay(const PullRequest *q, unsigned n) {
        usec_t delay = RETRY_DELAY_FIRST;

        if (q->retry_delay != USEC_INFINITY)
                return q->retry_delay;
        while (--n > 0 && delay < RETRY_DELAY_LAST)
                delay *= 2;
        return MIN_OF(delay, RETRY_DELAY_LAST);
}

usec_t pull_patience(const PullRequest *q) {
        usec_t sum = 0;

        if (q->retry > 0 && q->retry_delay != USEC_INFINITY)
                return MIN_OF(q->retry_delay, PATIENCE_LAST / q->retry) * q->retry;
        for (unsigned n = 1; n <= q->retry && sum < PATIENCE_LAST; n++)
                sum += pull_retry_delay(q, n);
        return MIN_OF(sum, PATIENCE_LAST);
}

PullDecision pull_decide(PullPolicy policy, const PullFacts *facts) {
        PullDecision without_pull = facts->present ? PULL_DECISION_USE : PULL_DECISION_LACKS;

        if (!facts->reachable || (facts->present && facts->pinned))
                return without_pull;

        switch (policy) {
        case PULL_NEVER:
                return without_pull;
        case PULL_MISSING:
                return facts->present && !facts->path ? PULL_DECISION_USE : PULL_DECISION_FETCH;
        case PULL_NEWER:
                return facts->present ? PULL_DECISION_TRY : PULL_DECISION_FETCH;
        case PULL_ALWAYS:
        case PULL_N_:
        case PULL_INVALID_:
                break;
        }
        return PULL_DECISION_FETCH;
}
