/* Pulls: what a policy means, what skopeo says, and what travels between manager and worker. */
#include <limits.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "image/pull-layout.h"
#include "image/pull-request.h"
#include "image/reference.h"
#include "image/skopeo.h"
#include "image/worker.h"
#include "unit-test.h"

START_TEST(policies) {
        static const struct {
                PullPolicy policy;
                PullDecision absent, present, pinned, path;
        } cases[] = {
                { PULL_ALWAYS, PULL_DECISION_FETCH, PULL_DECISION_FETCH, PULL_DECISION_USE,
                  PULL_DECISION_FETCH },
                { PULL_MISSING, PULL_DECISION_FETCH, PULL_DECISION_USE, PULL_DECISION_USE,
                  PULL_DECISION_FETCH },
                { PULL_NEVER, PULL_DECISION_LACKS, PULL_DECISION_USE, PULL_DECISION_USE, PULL_DECISION_USE },
                { PULL_NEWER, PULL_DECISION_FETCH, PULL_DECISION_TRY, PULL_DECISION_USE, PULL_DECISION_TRY },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                PullFacts facts = { .reachable = true };

                ck_assert_int_eq(pull_decide(cases[i].policy, &facts), cases[i].absent);
                facts.present = true;
                ck_assert_int_eq(pull_decide(cases[i].policy, &facts), cases[i].present);
                facts.path = true;
                ck_assert_int_eq(pull_decide(cases[i].policy, &facts), cases[i].path);
                facts = (PullFacts){ .reachable = true, .present = true, .pinned = true };
                ck_assert_int_eq(pull_decide(cases[i].policy, &facts), cases[i].pinned);

                /* Names that no registry can have. */
                facts = (PullFacts){ .present = true };
                ck_assert_int_eq(pull_decide(cases[i].policy, &facts), PULL_DECISION_USE);
                facts.present = false;
                ck_assert_int_eq(pull_decide(cases[i].policy, &facts), PULL_DECISION_LACKS);
        }
}
END_TEST

START_TEST(delays) {
        PullRequest q = { .retry_delay = USEC_INFINITY };

        ck_assert_uint_eq(pull_retry_delay(&q, 1), 2 * USEC_PER_SEC);
        ck_assert_uint_eq(pull_retry_delay(&q, 3), 8 * USEC_PER_SEC);
        ck_assert_uint_eq(pull_retry_delay(&q, 4000), 300 * USEC_PER_SEC);
        ck_assert_uint_eq(pull_patience(&q), 0);
        q.retry = 3;
        ck_assert_uint_eq(pull_patience(&q), (2 + 4 + 8) * USEC_PER_SEC);
        q.retry = UINT_MAX;
        ck_assert_uint_eq(pull_patience(&q), 24 * 60 * 60 * USEC_PER_SEC);
        q.retry_delay = 7;
        ck_assert_uint_eq(pull_retry_delay(&q, 3), 7);
        ck_assert_uint_eq(pull_patience(&q), UINT64_C(7) * UINT_MAX);
        q.retry_delay = USEC_INFINITY - 1;
        ck_assert_uint_le(pull_patience(&q), 24 * 60 * 60 * USEC_PER_SEC);
        q.retry = 0;
        ck_assert_uint_eq(pull_patience(&q), 0);
}
END_TEST

START_TEST(lines) {
        static const struct {
                const char *line, *layer;
                uint64_t done, total;
        } cases[] = {
                { "Copying blob 1acbc6cac634 [====>----] 2.5MiB / 5.0MiB", "1acbc6cac634", 2621440, 5242880 },
                { "Copying blob 1acbc6cac634 [====>----] 1.0KiB / 2.0GiB | 3.2 MiB/s", "1acbc6cac634", 1024,
                  UINT64_C(2) << 30 },
                /* Both are rounded: it is not there yet. */
                { "Copying blob 1acbc6cac634 [========>] 5.0MiB / 5.0MiB", "1acbc6cac634", 5242879, 5242880 },
                { "Copying blob 1acbc6cac634 [>--------] 12.0b", "1acbc6cac634", 12, 0 },
                { "Copying blob 1acbc6cac634 done  ", "1acbc6cac634", 1, 1 },
                { "Copying blob 1acbc6cac634 skipped: already exists  ", "1acbc6cac634", 1, 1 },
                { "Copying blob sha256:61a61b6edd76a32993c166ded05a393a37e41af51a846d95576e99d6053ae6de",
                  "61a61b6edd76", 0, 0 },
        };
        PullEvent e;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ck_assert_msg(skopeo_parse_line(cases[i].line, &e) == 0, "%s", cases[i].line);
                ck_assert_int_eq(e.kind, PULL_EVENT_FETCH);
                ck_assert_str_eq(e.text, cases[i].layer);
                ck_assert_uint_eq(e.done, cases[i].done);
                ck_assert_uint_eq(e.total, cases[i].total);
        }
        ck_assert_int_eq(skopeo_parse_line("Getting image source signatures", &e), -EBADMSG);
        ck_assert_int_eq(skopeo_parse_line("Copying config 7024e18868 done", &e), -EBADMSG);
        ck_assert_int_eq(skopeo_parse_line("Copying blob ", &e), -EBADMSG);
}
END_TEST

#define FATAL(text) "time=\"2026-11-26T04:17:48Z\" level=fatal msg=\"" text "\"\n"

START_TEST(reasons) {
        static const struct {
                const char *text, *reason;
                int error;
                bool may_pass;
        } cases[] = {
                { FATAL("initializing source docker://r:5/web:no: reading manifest no in r:5/web: manifest "
                        "unknown: manifest unknown"),
                  "manifest unknown", -ENOENT, false },
                { FATAL("initializing source docker://r:5/web:1: reading manifest 1 in r:5/web: "
                        "unauthorized: "
                        "authentication required"),
                  "unauthorized: authentication required", -EACCES, false },
                { FATAL("initializing source docker://r:5/w:1: pinging container registry r:5: Get "
                        "\\\"https://r:5/v2/\\\": dial tcp 127.0.0.1:5: connect: connection refused"),
                  "Get \"https://r:5/v2/\": dial tcp 127.0.0.1:5: connect: connection refused", -ECONNREFUSED,
                  true },
                { "level=warning msg=\"first\"\n" FATAL("writing blob: write /x/oci-put-blob4: no space left "
                                                        "on device"),
                  "writing blob: write /x/oci-put-blob4: no space left on device", -ENOSPC, false },
                { FATAL("initializing source docker://r/w:1: pinging container registry r: Get "
                        "\\\"https://r/v2/\\\": x509: certificate signed by unknown authority"),
                  "Get \"https://r/v2/\": x509: certificate signed by unknown authority", -EPROTO, false },
                { "panic: something else\n", "panic: something else", -EIO, true },
                { "", "skopeo did not say why", -EIO, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char reason[200];

                skopeo_reason(cases[i].text, reason, sizeof(reason));
                ck_assert_str_eq(reason, cases[i].reason);
                ck_assert_int_eq(skopeo_errno(reason), cases[i].error);
                ck_assert_int_eq(skopeo_may_pass(skopeo_errno(reason)), cases[i].may_pass);
        }
}
END_TEST

START_TEST(nobody_there) {
        static const struct {
                const char *reason, *source;
                bool unreachable;
        } cases[] = {
                { "r:5/w:1: Get \"https://r:5/v2/\": dial tcp 127.0.0.1:5: connect: connection refused",
                  "r:5/w:1", true },
                { "Get \"http://r:5/v2/\": dial tcp: lookup r: no such host", "r:5/a/w:1", true },
                { "Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io on "
                  "[::1]:53: "
                  "i/o timeout",
                  "docker.io/library/w:1", true },
                /* A mirror, or what stands in for it. */
                { "Get \"https://mirror/v2/\": dial tcp: lookup mirror: no such host", "r:5/w:1", false },
                { "Get \"https://mirror/v2/\": dial tcp: lookup mirror: no such host", "docker.io/w:1",
                  false },
                /* It is there, and has sent us away. */
                { "Get \"https://r:5/v2/w/blobs/1\": dial tcp 127.0.0.1:6: connect: connection refused",
                  "r:5/w:1", false },
                { "Get \"https://r:5/v2/\": x509: certificate signed by unknown authority", "r:5/w:1",
                  false },
                { "manifest unknown", "r:5/w:1", false },
                { "no such file or directory", "oci:/srv/w", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                ck_assert_msg(skopeo_unreachable(cases[i].reason, cases[i].source) == cases[i].unreachable,
                              "%s", cases[i].reason);
}
END_TEST

START_TEST(places) {
        ck_assert(reference_is_at("r:5/a/w:1", "r:5/a"));
        ck_assert(reference_is_at("r:5/w@sha256:0", "r:5"));
        ck_assert(!reference_is_at("r:5/a/w:1", "r:5"));
        ck_assert(!reference_is_at("r:5/ab/w:1", "r:5/a"));
        ck_assert(!reference_is_at("r:5", "r:5"));
}
END_TEST

/* The cause comes last. */
START_TEST(long_reasons) {
        char reason[24];

        skopeo_reason("something very long about this: the cause\n", reason, sizeof(reason));
        ck_assert_str_eq(reason, "...bout this: the cause");
}
END_TEST

START_TEST(requests_travel) {
        char *sources[] = { (char *) "docker.io/library/nginx:latest", (char *) "quay.io/nginx:latest",
                            NULL };
        const PullRequest from = { .sources = sources,
                                   .architecture = (char *) "arm64",
                                   .credentials = (char *) "me:\"secret\"",
                                   .no_tls_verify = true,
                                   .retry = 3,
                                   .retry_delay = USEC_INFINITY };
        autoptr(PullRequest) to = NULL;
        autofree char *text = NULL;
        char key[65], other[65];
        PullRequest changed = from;

        ck_assert_int_eq(pull_request_to_text(&from, &text), 0);
        ck_assert_int_eq(pull_request_parse(text, strlen(text), &to, NULL), 0);
        ck_assert(strv_equal(to->sources, sources));
        ck_assert_str_eq(to->architecture, "arm64");
        ck_assert_str_eq(to->credentials, "me:\"secret\"");
        ck_assert_ptr_null(to->name);
        ck_assert(to->no_tls_verify && !to->all_tags);
        ck_assert_uint_eq(to->retry, 3);
        ck_assert_uint_eq(to->retry_delay, USEC_INFINITY);

        ck_assert_int_eq(pull_layout_key(&from, key), 0);
        changed.retry = 0;
        ck_assert_int_eq(pull_layout_key(&changed, other), 0);
        ck_assert_str_eq(key, other);
        changed.credentials = (char *) "you:secret";
        ck_assert_int_eq(pull_layout_key(&changed, other), 0);
        ck_assert_str_ne(key, other);

        ck_assert_int_eq(pull_request_parse("{}", 2, &to, NULL), -EBADMSG);
}
END_TEST

/* From the worker to the manager, and what a person sees. */
START_TEST(failures_keep_their_words) {
        const char *line =
                "{\"error\": {\"error\": -13, \"told\": true, \"step\": \"pull\", \"object\": \"r/x:1: "
                "unauthorized\", \"advice\": \"\"}}";
        autofree char *id = NULL, *text = NULL;
        PullEvent e;
        Fault f = {};

        ck_assert_int_eq(image_worker_parse(line, &id, &f), WORKER_FAILED);
        text = fault_to_string(&f);
        ck_assert_str_eq(text, "pull r/x:1: unauthorized");

        line = "{\"event\":\"retry\",\"text\":\"no route\",\"done\":0,\"total\":4}";
        ck_assert_int_eq(image_worker_parse(line, &id, &f), WORKER_PROGRESS);
        ck_assert_int_eq(pull_event_parse(line, &e), 0);
        ck_assert_int_eq(e.kind, PULL_EVENT_RETRY);
        ck_assert_str_eq(e.text, "no route");
        ck_assert_uint_eq(e.total, 4);
        ck_assert_int_eq(pull_event_parse("{\"event\":\"dance\"}", &e), -EBADMSG);
        ck_assert_int_eq(pull_event_parse("{\"done\":true}", &e), -EBADMSG);
        ck_assert_int_eq(pull_event_parse("nonsense", &e), -EBADMSG);
}
END_TEST

TEST_MAIN("image: pull", policies, delays, lines, reasons, nobody_there, places, long_reasons,
          requests_travel, failures_keep_their_words)
