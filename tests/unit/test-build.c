/* Builds: keys in buildah's words, what it says, what travels to the worker, and programs in namespaces. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "basic/inet.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "image/build.h"
#include "image/tool.h"
#include "unit-test.h"

#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })

static const BuildSection small = {
        .image_tags = WORDS((char *) "localhost/x:1"),
        .context = (char *) "/context",
        .pull = PULL_MISSING,
        .registry = { .tls_verify = true, .retry = 3, .retry_delay = USEC_INFINITY },
};

static void check_request(const BuildSection *b, const BuildPlaces *places, const char *arguments,
                          const char *environment) {
        autofree char *said = NULL, *env = NULL;
        autoptr(BuildRequest) q = NULL;

        ck_assert_int_eq(build_request_make(b, places, &q), 0);
        said = strv_join(q->arguments, " ");
        env = q->environment ? strv_join(q->environment, " ") : NULL;
        ck_assert_str_eq(said, arguments);
        ck_assert_str_eq(strempty(env), environment);
}

START_TEST(few_keys) {
        const BuildPlaces places = { .unit_dir = "/etc/nsunits" };

        check_request(&small, &places, "--pull=missing --retry=3 --tag=localhost/x:1 -- /context", "");
}
END_TEST

START_TEST(all_keys) {
        MountSpec mounts[] = {
                { .kind = MOUNT_BIND,
                  .source = (char *) "/a",
                  .destination = (char *) "/b",
                  .read_only = true },
                { .kind = MOUNT_VOLUME, .source = (char *) "v", .destination = (char *) "/c" },
        };
        InetAddress address;
        BuildSection b = small;
        const BuildPlaces places = {
                .unit_dir = "/etc/nsunits",
                .volumes = WORDS((char *) "/a", (char *) "/volumes/v/_data"),
                .environment = WORDS((char *) "TAKEN=1"),
        };

        ck_assert_int_eq(inet_parse("192.0.2.1", &address), 0);
        b.image_tags = WORDS((char *) "x:1", (char *) "y:2");
        b.file = (char *) "sub/File";
        b.ignore_file = (char *) "/ignore";
        b.target = (char *) "last";
        b.arch = (char *) "arm64";
        b.variant = (char *) "v8";
        b.arguments = WORDS((char *) "A=a b", (char *) "TAKEN=2");
        b.environment = WORDS((char *) "E=secret", (char *) "PATH=/bin");
        b.labels = WORDS((char *) "l=1");
        b.annotations = WORDS((char *) "n=2");
        b.secrets = WORDS((char *) "id=s,src=/s");
        b.force_rm = true;
        b.volumes = (MountList){ mounts, 2 };
        b.dns = (InetAddressList){ &address, 1 };
        b.dns_options = WORDS((char *) "ndots:1");
        b.dns_search = WORDS((char *) ".");
        b.pull = PULL_NEWER;
        b.registry = (RegistryKeys){ .auth_file = (char *) "/auth", .retry = 0, .retry_delay = 1500000 };
        check_request(
                &b, &places,
                "--force-rm --pull=true --authfile=/auth --tls-verify=false --retry=0 --retry-delay=1500ms "
                "--dns=192.0.2.1 --dns-option=ndots:1 --dns-search=. --secret=id=s,src=/s --volume=/a:/b:ro "
                "--volume=/volumes/v/_data:/c --arch=arm64 --variant=v8 --target=last --annotation=n=2 "
                "--label=l=1 --env=E --env=PATH=/bin --build-arg=A --build-arg=TAKEN=2 --tag=x:1 --tag=y:2 "
                "--ignorefile=/ignore --file=/context/sub/File -- /context",
                "TAKEN=1 E=secret A=a b");
}
END_TEST

START_TEST(places) {
        static const struct {
                const char *context, *file, *working_dir, *end;
        } cases[] = {
                { "unit", NULL, NULL, "-- /etc/nsunits" },
                { "unit", "sub/File", NULL, "--file=/etc/nsunits/sub/File -- /etc/nsunits" },
                { "file", "sub/File", NULL, "--file=/etc/nsunits/sub/File -- /etc/nsunits/sub" },
                { "file", "/a/File", NULL, "--file=/a/File -- /a" },
                { NULL, "/a/File", NULL, "--file=/a/File -- /a" },
                { NULL, "/File", NULL, "--file=/File -- /" },
                { NULL, "/a/File", "/context", "--file=/a/File -- /context" },
                { NULL, "File", "/context", "--file=/context/File -- /context" },
                { NULL, "https://example.com/File", NULL, "--file=https://example.com/File -- ." },
                { "https://example.com/x.tar", "File", NULL, "--file=File -- https://example.com/x.tar" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const BuildPlaces where = { .unit_dir = "/etc/nsunits", .working_dir = cases[i].working_dir };
                autofree char *said = NULL;
                autoptr(BuildRequest) q = NULL;
                BuildSection b = small;

                b.context = (char *) cases[i].context;
                b.file = (char *) cases[i].file;
                ck_assert_int_eq(build_request_make(&b, &where, &q), 0);
                said = strv_join(q->arguments + 3, " ");
                ck_assert_str_eq(said, cases[i].end);
        }
}
END_TEST

START_TEST(requests_travel) {
        BuildRequest q = {
                .names = WORDS((char *) "x:1"),
                .arguments = WORDS((char *) "--tag=x:1", (char *) "--", (char *) "/context"),
                .environment = WORDS((char *) "A=\xc3\xa4"),
                .architecture = (char *) "arm64",
                .n_volumes = 3,
                .keep = true,
        };
        autoptr(BuildRequest) back = NULL;
        autofree char *text = NULL;
        Fault f = {};

        ck_assert_int_eq(build_request_to_text(&q, &text), 0);
        ck_assert_int_eq(build_request_parse(text, strlen(text), &back, &f), 0);
        ck_assert(strv_equal(back->names, q.names));
        ck_assert(strv_equal(back->arguments, q.arguments));
        ck_assert(strv_equal(back->environment, q.environment));
        ck_assert_str_eq(back->architecture, "arm64");
        ck_assert_uint_eq(back->n_volumes, 3);
        ck_assert(back->keep);
        ck_assert_int_eq(build_request_parse("{}", 2, &back, &f), -EBADMSG);
}
END_TEST

START_TEST(steps) {
        PullEvent e;

        ck_assert_int_eq(build_parse_line("STEP 2/5: RUN make", &e), 0);
        ck_assert_int_eq(e.kind, PULL_EVENT_BUILD);
        ck_assert_str_eq(e.text, "step 2/5: RUN make");
        ck_assert_int_eq(build_parse_line("[2/3] STEP 1/4: FROM base AS x\t\xc3\xa4", &e), 0);
        ck_assert_str_eq(e.text, "step 1/4: FROM base AS x???");
        ck_assert_int_eq(build_parse_line("STEP by step", &e), -EBADMSG);
        ck_assert_int_eq(build_parse_line("COMMIT x:1", &e), -EBADMSG);
        ck_assert_int_eq(build_parse_line("", &e), -EBADMSG);
}
END_TEST

START_TEST(reasons) {
        static const struct {
                const char *said, *reason;
        } cases[] = {
                { "STEP 1/1: FROM x\nError: creating build container: x: image not known\n",
                  "creating build container: x: image not known" },
                { "Error: first\nmore\nError: second,\nwith its end\n", "second, with its end" },
                { "time=\"...\" level=fatal msg=\"no policy\"\n",
                  "time=\"...\" level=fatal msg=\"no policy\"" },
                { "", "buildah did not say why" },
                { "\n\n", "buildah did not say why" },
        };
        char reason[64];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                build_reason(cases[i].said, reason, sizeof(reason));
                ck_assert_str_eq(reason, cases[i].reason);
        }
        build_reason("Error: the cause comes last", reason, 16);
        ck_assert_str_eq(reason, "...e comes last");
}
END_TEST

typedef struct Heard {
        char **lines;
} Heard;

static void on_line(const char *line, void *data) {
        ck_assert_int_eq(strv_add(&((Heard *) data)->lines, line), 0);
}

static int run_shell(const char *script, Heard *heard) {
        const Tool t = {
                .argv = WORDS((char *) "sh", (char *) "-c", (char *) script),
                .environment = WORDS((char *) "PATH=/usr/bin:/bin", (char *) "WORD=word"),
                .directory = "/usr",
                .line = on_line,
                .data = heard,
        };

        return tool_run(&t);
}

START_TEST(programs) {
        const Tool absent = { .argv = WORDS((char *) "no-such-program"),
                              .environment = WORDS((char *) "A=1"),
                              .directory = "/",
                              .line = on_line };
        Heard heard = {};
        autofree char *said = NULL;

        if (geteuid() != 0)
                return;
        ck_assert_int_eq(run_shell("pwd; echo $WORD >&2; echo; printf end", &heard), 0);
        said = strv_join(heard.lines, "|");
        ck_assert_str_eq(said, "/usr|word||end");
        strv_free(heard.lines);
        ck_assert_int_eq(tool_run(&absent), -ENOPKG);
}
END_TEST

START_TEST(ends_of_programs) {
        Heard heard = {};

        if (geteuid() != 0)
                return;
        ck_assert_int_eq(run_shell("exit 127", &heard), 1);
        ck_assert_int_eq(run_shell("kill -9 $$", &heard), -EINTR);
        /* What it leaves behind holds the pipe, and does not hold us up. */
        ck_assert_int_eq(run_shell("sleep 1000 & echo $$", &heard), 0);
        ck_assert_str_eq(heard.lines[0], "2");
        strv_free(heard.lines);
}
END_TEST

TEST_MAIN("image: build", few_keys, all_keys, places, requests_travel, steps, reasons, programs,
          ends_of_programs)
