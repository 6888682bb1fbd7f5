/* PodmanArgs=: which option is which key, and what is said about the rest. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"
#include "spec/key.h"
#include "spec/unit-place.h"

#define WEB(text) "[Container]\nImage=nginx\n" text

static const struct {
        const char *name;
        char letter;
        const char *section, *key;
} options[] = {
#define OWN                                            NULL
#define PODMAN_OPTION(name, letter, how, section, key) { name, letter, section, key },
#include "spec/podman-options.def"
#undef PODMAN_OPTION
#undef OWN
};

START_TEST(options_are_sorted_and_letters_used_once) {
        for (size_t i = 1; i < ELEMENTSOF(options); i++)
                ck_assert_msg(strcmp(options[i - 1].name, options[i].name) < 0, "%s", options[i].name);
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                for (size_t k = 0; k < i; k++)
                        ck_assert_msg(options[i].letter == 0 || options[i].letter != options[k].letter, "-%c",
                                      options[i].letter);
}
END_TEST

START_TEST(every_key_is_one) {
        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                const char *section = options[i].section ? options[i].section : "Container";
                bool pod = options[i].key && key_find(key_table_find("Pod"), options[i].key);

                ck_assert_msg(!options[i].key || pod || key_find(key_table_find(section), options[i].key),
                              "--%s: %s", options[i].name, options[i].key);
        }
}
END_TEST

/* The value of "Section.Key" as it is shown. */
static char *shown(const UnitSpec *u, const char *name) {
        autofree char *section = strndup(name, strcspn(name, "."));
        const Key *key = key_find(key_table_find(section), strchr(name, '.') + 1);

        ck_assert_msg(key != NULL, "%s", name);
        return key_format(key, unit_spec_section(u, section));
}

/* What is left of the messages without those about keys that nothing acts on yet. */
static char *about_options(const Diag *diag) {
        char *said = NULL;
        size_t n;
        FILE *f = open_memstream(&said, &n);

        for (size_t i = 0; i < diag_count(diag); i++)
                if (strstr(diag_get(diag, i)->message, "PodmanArgs=") ||
                    diag_get(diag, i)->severity == SEVERITY_ERROR)
                        fprintf(f, "%u:%u: %s\n", diag_get(diag, i)->line, diag_get(diag, i)->column,
                                diag_get(diag, i)->message);
        ck_assert_int_eq(fclose(f), 0);
        return said;
}

START_TEST(options_are_keys) {
        static const char *const cases[][3] = {
                { "--memory=1g", "Container.Memory", "1073741824" },
                { "-m 1g", "Container.Memory", "1073741824" },
                { "-m1g", "Container.Memory", "1073741824" },
                { "-m=1g", "Container.Memory", "1073741824" },
                { "--cpus=1.5", "Service.CPUQuota", "150%" },
                { "--cpu-shares 1024", "Service.CPUWeight", "39" },
                { "--memory 1g --memory-swap 3g", "Service.MemorySwapMax", "2147483648" },
                { "--memory-swap 3g --memory 1g", "Service.MemorySwapMax", "2147483648" },
                { "--memory-swap=-1", "Service.MemorySwapMax", "infinity" },
                { "--memory-reservation=512m", "Service.MemoryLow", "536870912" },
                { "--oom-score-adj=-5", "Service.OOMScoreAdjust", "-5" },
                { "--cgroup-conf=memory.high=4096", "Service.MemoryHigh", "4096" },
                { "--cgroup-conf=memory.swap.max=0", "Service.MemorySwapMax", "0" },
                { "--cgroup-conf=memory.oom.group=1", "Service.OOMPolicy", "kill" },
                { "--pids-limit 100", "Container.PidsLimit", "100" },
                { "--cap-add=net_admin,sys_time", "Container.AddCapability", "NET_ADMIN SYS_TIME" },
                { "--env \"A=b c\" -e D=e", "Container.Environment", "\"A=b c\" D=e" },
                { "-h box", "Container.HostName", "box" },
                { "--network=back.network:ip=10.1.0.5", "Container.Network", "back.network:ip=10.1.0.5" },
                { "-p 8080:80 --publish=81:81/udp", "Container.PublishPort", "8080:80/tcp 81:81/udp" },
                { "-v/srv:/srv:ro", "Container.Volume", "/srv:/srv:ro" },
                { "--mount type=tmpfs,destination=/t", "Container.Mount", "type=tmpfs,destination=/t" },
                { "--read-only", "Container.ReadOnly", "yes" },
                { "--read-only=false", "Container.ReadOnly", "no" },
                { "--init -u 1000:1000", "Container.User", "1000:1000" },
                { "--userns=keep-id:uid=5", "Container.UserNS", "keep-id:uid=5" },
                { "--pid host", "Container.PidNS", "host" },
                { "--ipc=shareable", "Container.IpcNS", "new" },
                { "--pid=container:db", "Container.PidNS", "db.container" },
                { "--security-opt no-new-privileges", "Container.NoNewPrivileges", "yes" },
                { "--security-opt=seccomp=unconfined", "Container.SeccompProfile", "unconfined" },
                { "--security-opt label=type:web_t", "Container.SecurityLabelType", "web_t" },
                { "--health-cmd \"curl -f http://x || exit 1\"", "Container.HealthCmd",
                  "curl -f http://x || exit 1" },
                { "--no-healthcheck", "Container.HealthCmd", "none" },
                { "--sdnotify=healthy", "Container.Notify", "healthy" },
                { "--name me -d --rm --replace", "Container.ContainerName", "me" },
                { "--group-add=render --group-add=video", "Container.GroupAdd", "render video" },
                { "--tz=local", "Container.Timezone", "local" },
                { "--entrypoint '[\"a\", \"b c\"]'", "Container.Entrypoint", "a \"b c\"" },
                { "--umask=0077", "Service.UMask", "0077" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *text = NULL, *value = NULL, *said = NULL;
                autoptr(Diag) diag = diag_new();
                autoptr(UnitSpec) u = NULL;

                ck_assert_int_gt(asprintf(&text, WEB("PodmanArgs=%s\n"), cases[i][0]), 0);
                ck_assert_msg(load_text("web.container", text, diag, &u) == 0, "%s", cases[i][0]);
                said = about_options(diag);
                ck_assert_msg(streq(said, ""), "%s: %s", cases[i][0], said);
                value = shown(u, cases[i][1]);
                ck_assert_msg(streq(value, cases[i][2]), "%s: %s=%s", cases[i][0], cases[i][1], value);
        }
}
END_TEST

START_TEST(the_last_one_counts) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;

        ck_assert_int_eq(load_text("web.container",
                                   WEB("PodmanArgs=--stop-timeout=3 --hostname=b\nStopTimeout=9\nHostName=a\n"
                                       "PodmanArgs=-e A=1\nEnvironment=A=2 B=2\n"),
                                   diag, &u),
                         0);
        ck_assert_uint_eq(u->container->stop_timeout, 3 * USEC_PER_SEC);
        ck_assert_str_eq(u->container->network.more->host_name, "b");
        ck_assert_str_eq(u->container->environment[0], "A=1");
        ck_assert(unit_spec_is_set(u, "Container", "StopTimeout"));
        ck_assert_uint_eq(unit_place(u, "Container", "StopTimeout").line, 3);
}
END_TEST

START_TEST(an_empty_line_takes_options_back) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;

        ck_assert_int_eq(load_text("web.container",
                                   WEB("PodmanArgs=--hostname=a\nPodmanArgs=\nPodmanArgs=--read-only\n"),
                                   diag, &u),
                         0);
        ck_assert_ptr_null(u->container->network.more->host_name);
        ck_assert(u->container->read_only);
}
END_TEST

START_TEST(privileges) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL, own = NULL;
        autofree char *said = NULL;

        ck_assert_int_eq(load_text("web.container", WEB("PodmanArgs=--privileged\n"), diag, &u), 0);
        said = about_options(diag);
        ck_assert_str_eq(said, "3:12: PodmanArgs=: --privileged does not give the devices of the host\n");
        ck_assert(u->container->confine->seccomp.unconfined && u->container->confine->unmask.all);
        ck_assert_int_eq(u->container->users->namespace.mode, USERNS_HOST);

        ck_assert_int_eq(
                load_text("web.container", WEB("UserNS=auto\nPodmanArgs=--privileged\n"), diag, &own), 0);
        ck_assert_int_eq(own->container->users->namespace.mode, USERNS_AUTO);
}
END_TEST

START_TEST(what_has_no_key_is_said) {
        static const char *const cases[][2] = {
                { "--sig-proxy=false",
                  "3:12: PodmanArgs=: --sig-proxy steers podman itself and has no effect here\n" },
                { "-it", "3:13: PodmanArgs=: -i steers podman itself and has no effect here\n"
                         "3:14: PodmanArgs=: -t is not supported yet\n" },
                { "--rm --memroy 1g --init",
                  "3:17: PodmanArgs=: --memroy is not known and has no effect here\n" },
                { "--restart always", "3:12: PodmanArgs=: --restart has no effect here\n" },
                { "--init stray", "3:19: PodmanArgs=: \"stray\" is no option and has no effect here\n" },
                { "--exit-policy=stop",
                  "3:12: PodmanArgs=: --exit-policy has no effect on this kind of unit\n" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *text = NULL, *said = NULL;
                autoptr(Diag) diag = diag_new();
                autoptr(UnitSpec) u = NULL;

                ck_assert_int_gt(asprintf(&text, WEB("PodmanArgs=%s\n"), cases[i][0]), 0);
                ck_assert_int_eq(load_text("web.container", text, diag, &u), 0);
                said = about_options(diag);
                ck_assert_str_eq(said, cases[i][1]);
        }
}
END_TEST

START_TEST(mistakes) {
        static const char *const cases[][2] = {
                { "--init --cpus=many",
                  "3:26: error: PodmanArgs=: --cpus: \"many\" is not a number of processors" },
                { "--memory", "3:12: error: PodmanArgs=: --memory needs a value" },
                { "-p http", "3:15: error: PublishPort=: \"http\" is not a port number" },
                { "--gpus all", "3:19: error: AddDevice=nvidia.com/gpu=all is not supported yet" },
                { "--memory=2g --memory-swap=1g",
                  "3:38: error: PodmanArgs=: --memory-swap: \"1g\" is not as much as --memory and more" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                autofree char *text = NULL, *said = NULL;

                ck_assert_int_gt(asprintf(&text, WEB("PodmanArgs=%s\n"), cases[i][0]), 0);
                said = messages_of("web.container", text, -EINVAL);
                ck_assert_msg(strstr(said, cases[i][1]) != NULL, "%s: %s", cases[i][0], said);
        }
}
END_TEST

START_TEST(pods_have_options_of_their_own) {
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;
        autofree char *said = NULL;

        ck_assert_int_eq(load_text("p.pod",
                                   "[Pod]\nPodmanArgs=--name shop --exit-policy=continue --init -p 80:80\n",
                                   diag, &u),
                         0);
        said = about_options(diag);
        ck_assert_str_eq(said, "2:47: PodmanArgs=: --init has no effect on this kind of unit\n");
        ck_assert_str_eq(u->pod->pod_name, "shop");
        ck_assert_int_eq(u->pod->exit_policy, POD_EXIT_CONTINUE);
        ck_assert_uint_eq(u->pod->network.publish.n, 1);
}
END_TEST

TEST_MAIN("podman-args", options_are_sorted_and_letters_used_once, every_key_is_one, options_are_keys,
          the_last_one_counts, an_empty_line_takes_options_back, privileges, what_has_no_key_is_said,
          mistakes, pods_have_options_of_their_own)
