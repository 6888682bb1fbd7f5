/* ctl/import, ctl/interpolate: values of Compose and Docker, one by one. */
#include <string.h>

#include "basic/strv.h"
#include "ctl/import.h"
#include "ctl/interpolate.h"
#include "unit-test.h"

static const char *const environment[] = { "HOME=/home/me", "SET=set", "EMPTY=", NULL };

/* One service of image x with @members; what is said, and the unit's text. */
static char *import_service(const char *members, char **ret_said) {
        autoptr(Diag) diag = diag_new();
        Import i = { .diag = diag, .directory = "/srv/app", .env = (char *const *) environment };
        autofree char *yaml = NULL;
        char *text = NULL;
        size_t size;
        FILE *f;

        ck_assert_int_gt(asprintf(&yaml, "name: p\nservices:\n  s:\n    image: x\n    %s\n", members), 0);
        if (import_compose(&i, "f", yaml, strlen(yaml)) == 0) {
                f = open_memstream(&text, &size);
                unit_text_write(unit_bundle_find(&i.bundle, UNIT_CONTAINER, "s"), false, f);
                fclose(f);
        }
        *ret_said = diag_to_string(diag);
        unit_bundle_done(&i.bundle);
        return text;
}

static void expect_line(const char *members, const char *line) {
        autofree char *said = NULL, *text = import_service(members, &said), *whole = NULL;

        ck_assert_msg(text, "%s: %s", members, said);
        ck_assert_str_eq(said, "");
        ck_assert_int_gt(asprintf(&whole, "\n%s\n", line), 0);
        ck_assert_msg(strstr(text, whole), "%s: no %s in\n%s", members, line, text);
}

static void expect_error(const char *members, const char *message) {
        autofree char *said = NULL, *text = import_service(members, &said);

        ck_assert_ptr_null(text);
        ck_assert_str_eq(said, message);
}

START_TEST(sizes) {
        expect_line("mem_limit: 512m", "MemoryMax=512M");
        expect_line("mem_limit: 1.5gb", "MemoryMax=1536M");
        expect_line("mem_limit: 1 GiB", "MemoryMax=1G");
        expect_line("mem_limit: 1000", "MemoryMax=1000");
        expect_line("mem_limit: 64b", "MemoryMax=64");
        expect_line("mem_limit: 2KB", "MemoryMax=2K");
        expect_line("shm_size: '67108864'", "ShmSize=64M");
        expect_error("mem_limit: 5x", "f:5:16: error: \"5x\" is not a size\n");
        expect_error("mem_limit: m", "f:5:16: error: \"m\" is not a size\n");
        expect_error("mem_limit: -5", "f:5:16: error: \"-5\" is not a size\n");
        expect_error("mem_limit: 99999999t", "f:5:16: error: \"99999999t\" is not a size\n");
}
END_TEST

START_TEST(durations) {
        expect_line("stop_grace_period: 1m30s", "StopTimeout=90");
        expect_line("stop_grace_period: 1h", "StopTimeout=3600");
        expect_line("stop_grace_period: 1500ms", "StopTimeout=2");
        expect_line("stop_grace_period: 20", "StopTimeout=20");
        expect_line("healthcheck: {interval: 1.5s}", "HealthInterval=1500ms");
        expect_line("healthcheck: {timeout: 1h2m3s}", "HealthTimeout=3723s");
        expect_error("stop_grace_period: soon", "f:5:24: error: \"soon\" is not a duration, as in 1m30s\n");
        expect_error("stop_grace_period: 1m30", "f:5:24: error: \"1m30\" is not a duration, as in 1m30s\n");
        expect_error("stop_grace_period: ''", "f:5:24: error: \"\" is not a duration, as in 1m30s\n");
        expect_error("stop_grace_period: 5 parsecs",
                     "f:5:24: error: \"5 parsecs\" is not a duration, as in 1m30s\n");
}
END_TEST

START_TEST(processors_and_tasks) {
        expect_line("cpus: 1.5", "CPUQuota=150%");
        expect_line("cpus: '.25'", "CPUQuota=25%");
        expect_line("cpu_quota: 50000", "CPUQuota=50%");
        expect_line("cpu_quota: 10000\n    cpu_period: 20000", "CPUQuota=50%");
        expect_line("cpu_shares: 1024", "CPUWeight=100");
        expect_line("cpu_shares: 2", "CPUWeight=1");
        expect_line("pids_limit: 100", "TasksMax=100");
        expect_line("pids_limit: -1", "TasksMax=infinity");
        expect_error("cpus: nan", "f:5:11: error: \"nan\" is not a number of processors\n");
        expect_error("pids_limit: x", "f:5:17: error: \"x\" is not a number\n");
}
END_TEST

START_TEST(paths) {
        expect_line("volumes: ['./a:/a']", "Volume=/srv/app/a:/a");
        expect_line("volumes: ['../a/../b/./c//d/:/a']", "Volume=/srv/b/c/d:/a");
        expect_line("volumes: ['../../../../etc:/a']", "Volume=/etc:/a");
        expect_line("volumes: ['.:/a']", "Volume=/srv/app:/a");
        expect_line("volumes: ['/:/a:ro']", "Volume=/:/a:ro");
        expect_line("volumes: ['~/x:/a']", "Volume=/home/me/x:/a");
        expect_line("volumes: ['/a b:/c d']", "Volume=/a b:/c d");
        expect_line("volumes: ['/100%:/a']", "Volume=/100%%:/a");
        expect_line("volumes: [{type: bind, source: '/a:b', target: /c, read_only: true}]",
                    "Mount=type=bind,source=/a:b,destination=/c,ro");
        expect_line("env_file: web.env", "EnvironmentFile=/srv/app/web.env");
        expect_line("env_file: [{path: web.env, required: false}]", "EnvironmentFile=-/srv/app/web.env");
}
END_TEST

START_TEST(command_lines) {
        expect_line("command: a  b\tc", "Exec=a b c");
        expect_line("command: sh -c 'a b' \"c $${D} \\\"e\\\"\" f\\ g",
                    "Exec=sh -c \"a b\" \"c $${D} \\\"e\\\"\" \"f g\"");
        expect_line("command: ['a b', '']", "Exec=\"a b\" \"\"");
        expect_line("entrypoint: ''", "Entrypoint=");
        expect_line("entrypoint: []", "Entrypoint=");
        expect_line("entrypoint: /x y", "Entrypoint=/x y");
        expect_error("command: a \"b", "f:5:14: error: a quote is not closed in this command line\n");
        expect_error(
                "command: {a: b}",
                "f:5:14: error: services.s.command is a map, where a text or a list of texts should be\n");
}
END_TEST

START_TEST(health_checks) {
        expect_line("healthcheck: {test: curl -f x || exit 1}", "HealthCmd=curl -f x || exit 1");
        expect_line("healthcheck: {test: [CMD-SHELL, 'a | b']}", "HealthCmd=a | b");
        expect_line("healthcheck: {test: [CMD, a, 'b c', '\"']}", "HealthCmd=[\"a\",\"b c\",\"\\\"\"]");
        expect_line("healthcheck: {test: \"a\\nb\"}", "HealthCmd=[\"/bin/sh\",\"-c\",\"a\\nb\"]");
        expect_line("healthcheck: {test: [NONE]}", "HealthCmd=none");
        expect_line("healthcheck: {disable: true, test: x}", "HealthCmd=none");
}
END_TEST

START_TEST(restarts) {
        expect_line("restart: always", "Restart=always");
        expect_line("restart: always", "StartLimitIntervalSec=0");
        expect_line("restart: always", "WantedBy=multi-user.target");
        expect_line("restart: on-failure", "RestartMaxDelaySec=1min");
        expect_line("restart: on-failure:3", "StartLimitBurst=4");
        expect_line("restart: no", "Image=x");
        expect_line("deploy: {restart_policy: {delay: 5s}}", "RestartSec=5s");
        expect_error("restart: on-failure:many", "f:5:14: error: \"many\" is not a number of attempts\n");
}
END_TEST

START_TEST(networks_and_hosts) {
        expect_line("network_mode: host", "Network=host");
        expect_line("network_mode: none", "Network=none");
        expect_line("network_mode: container:other", "Network=container:other");
        expect_line("network_mode: service:s", "Network=s.container");
        expect_line("networks: {default: {ipv4_address: 10.0.0.9, aliases: [a, b]}}", "NetworkAlias=b");
        expect_line("networks: {default: {ipv4_address: 10.0.0.9}}", "IP=10.0.0.9");
        expect_line("networks: [default]", "Network=p.network");
        expect_line("extra_hosts: {a: ['10.0.0.1', '[::1]']}", "AddHost=a:::1");
        expect_line("ports: [{target: 80, published: 81, host_ip: '::1'}]", "PublishPort=[::1]:81:80");
        expect_error("network_mode: service:t", "f:5:19: error: there is no \"t\" in the file's services\n");
}
END_TEST

static void expect_text(const char *text, const char *result) {
        autoptr(Diag) diag = diag_new();
        autofree char *got = NULL;

        ck_assert_int_eq(interpolate(text, (char *const *) environment, (Where){}, diag, &got), 0);
        ck_assert_str_eq(got, result);
}

static void refuse_text(const char *text, const char *message) {
        autoptr(Diag) diag = diag_new();
        autofree char *got = NULL;

        ck_assert_int_eq(interpolate(text, (char *const *) environment, (Where){}, diag, &got), -EINVAL);
        ck_assert_ptr_null(got);
        ck_assert_str_eq(diag_get(diag, 0)->message, message);
}

START_TEST(variables) {
        autofree char *deep = calloc(1, 4096), *many = NULL;
        autostrv char **env = NULL;
        autoptr(Diag) diag = diag_new();

        expect_text("", "");
        expect_text("a $SET-${SET}$$SET b$", "a set-set$SET b$");
        expect_text("${EMPTY:-x}${EMPTY-x}${NOT-y}", "xy");
        expect_text("${NOT:-{}}", "{}");
        expect_text("${NOT:-${EMPTY:-$SET}}", "set");
        expect_text("${SET:+a}${EMPTY:+b}${EMPTY+c}${NOT+d}", "ac");
        refuse_text("${SET", "\"${\" is not closed");
        refuse_text("${}", "\"${}\" does not name a variable");
        refuse_text("${1}", "\"${1}\" does not name a variable");
        refuse_text("${SET=x}",
                    "variable SET is followed by none of \":-\", \"-\", \":?\", \"?\", \":+\" and \"+\"");
        refuse_text("$1", "\"$\" is followed by no name");
        refuse_text("${NOT?}", "variable NOT is missing");
        refuse_text("${EMPTY:?say ${SET}}", "variable EMPTY is missing: say set");

        for (int i = 0; i < 20; i++)
                strcat(deep, "${NOT:-");
        strcat(deep, "x");
        for (int i = 0; i < 20; i++)
                strcat(deep, "}");
        refuse_text(deep, "variables are nested more than 16 deep");

        /* Each line doubles the one before. */
        many = strdup("A=0123456789\nB=$A$A\nC=$B$B$B$B$B$B$B$B$B$B\nD=$C$C$C$C$C$C$C$C$C$C\nE=$D$D$D$D$D$D$"
                      "D$D$D$D\n"
                      "F=$E$E$E$E$E$E$E$E$E$E\nG=$F$F$F$F$F$F$F$F$F$F\n");
        ck_assert_int_eq(dotenv_parse(&env, ".env", many, strlen(many), diag), -EINVAL);
        ck_assert_str_eq(diag_get(diag, 0)->message, "with its variables the text is longer than 1 MiB");
        ck_assert_uint_eq(diag_get(diag, 0)->line, 7);
}
END_TEST

START_TEST(env_files) {
        const char *text =
                "# comment\n\nA=1\n export B = two words  # comment\nC='$A # \\n'\nD=\"x\\n\\\"$A\\$A\"\r\n"
                "E=a#b\nF=\nSET=not this\nG=${SET:-x}$5\n";
        autostrv char **env = NULL;
        autoptr(Diag) diag = diag_new();

        ck_assert_int_eq(strv_copy((char *const *) environment, &env), 0);
        ck_assert_int_eq(dotenv_parse(&env, ".env", text, strlen(text), diag), 0);
        ck_assert_str_eq(strv_env_get(env, "A"), "1");
        ck_assert_str_eq(strv_env_get(env, "B"), "two words");
        ck_assert_str_eq(strv_env_get(env, "C"), "$A # \\n");
        ck_assert_str_eq(strv_env_get(env, "D"), "x\n\"1$A");
        ck_assert_str_eq(strv_env_get(env, "E"), "a#b");
        ck_assert_str_eq(strv_env_get(env, "F"), "");
        ck_assert_str_eq(strv_env_get(env, "SET"), "set");
        ck_assert_str_eq(strv_env_get(env, "G"), "set$5");

        ck_assert_int_eq(dotenv_parse(&env, ".env", "A=1\nB\n", 6, diag), -EINVAL);
        ck_assert_str_eq(diag_get(diag, 0)->message, "not of the form NAME=VALUE");
        ck_assert_uint_eq(diag_get(diag, 0)->line, 2);
        ck_assert_int_eq(dotenv_parse(&env, ".env", "A='1\n", 5, diag), -EINVAL);
        ck_assert_str_eq(diag_get(diag, 1)->message, "the quote is not closed in this line");
}
END_TEST

TEST_MAIN("import", sizes, durations, processors_and_tasks, paths, command_lines, health_checks, restarts,
          networks_and_hosts, variables, env_files)
