/* Which health check a container has, of its unit and its image, and who says when it is ready. */
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec-helper.h"
#include "spec/spec-make.h"

#define SEC USEC_PER_SEC

static char *cmd[] = { (char[]){ "serve" }, NULL };
static char *test[] = { (char[]){ "CMD-SHELL" }, (char[]){ "curl localhost" }, NULL };

static const ImageConfig plain = { .cmd = cmd };
static const ImageConfig checked = {
        .cmd = cmd,
        .health = { .test = test, .interval = 7 * SEC, .start_period = 2 * SEC, .retries = 5 },
};

static const ManagerConfig config = { .users = { .id_count = 65536 } };

static ContainerSpec *make(const ImageConfig *image, const char *lines) {
        const SpecSources sources = { .image = image, .config = &config };
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;
        autofree char *text = NULL;
        ContainerSpec *s = NULL;

        ck_assert_int_gt(asprintf(&text, "[Container]\nImage=x\n%s", lines), 0);
        u = load_good("web.container", text);
        ck_assert_int_eq(spec_make(u, &sources, diag, &s), 0);
        ck_assert_uint_eq(diag_count(diag), 0);
        return s;
}

static void assert_command(const ContainerSpec *s, const char *expected) {
        autofree char *joined = strv_join(s->health->probe.argv, "|");

        ck_assert_int_eq(s->health->probe.kind, PROBE_EXEC);
        ck_assert_str_eq(joined, expected);
}

START_TEST(without_a_check_there_is_none) {
        autoptr(ContainerSpec) s = make(&plain, "HealthInterval=5s\n");

        ck_assert_ptr_null(s->health);
        ck_assert_int_eq(s->type, SERVICE_EXEC);
}
END_TEST

START_TEST(the_image_has_a_check) {
        autoptr(ContainerSpec) s = make(&checked, ""), off = make(&checked, "HealthCmd=none\n");
        autoptr(ContainerSpec) own = make(&checked, "HealthRetries=2\nHealthTimeout=9\n");

        assert_command(s, "/bin/sh|-c|curl localhost");
        ck_assert_uint_eq(s->health->interval, 7 * SEC);
        ck_assert_uint_eq(s->health->timeout, 30 * SEC);
        ck_assert_uint_eq(s->health->start_period, 2 * SEC);
        ck_assert_uint_eq(s->health->retries, 5);

        ck_assert_ptr_null(off->health);
        ck_assert_uint_eq(own->health->retries, 2);
        ck_assert_uint_eq(own->health->timeout, 9 * SEC);
        ck_assert_uint_eq(own->health->interval, 7 * SEC);
}
END_TEST

START_TEST(the_unit_has_a_check) {
        autoptr(ContainerSpec) s = make(&checked, "HealthCmd=[\"CMD\", \"/check\", \"-x\"]\n"
                                                  "HealthStartupCmd=echo $$HOME\nHealthStartupRetries=4\n"
                                                  "HealthOnFailure=kill\nHealthRetries=0\nHealthTimeout=0\n");
        autoptr(ContainerSpec) tcp = make(&checked, "Probe=tcp://:5432\n");

        assert_command(s, "/check|-x");
        ck_assert_str_eq(s->health->startup.argv[2], "echo $HOME");
        ck_assert_uint_eq(s->health->startup_retries, 4);
        ck_assert_uint_eq(s->health->startup_success, 1);
        ck_assert_uint_eq(s->health->interval, 30 * SEC);
        ck_assert_uint_eq(s->health->retries, 1);
        ck_assert_uint_eq(s->health->timeout, USEC_INFINITY);
        ck_assert_int_eq(s->health->on_failure, HEALTH_FAILURE_KILL);
        ck_assert_int_eq(tcp->health->probe.kind, PROBE_TCP);
        ck_assert_uint_eq(tcp->health->probe.port, 5432);
}
END_TEST

START_TEST(notify_is_type_in_quadlets_words) {
        autoptr(ContainerSpec) yes = make(&plain, "Notify=yes\n"),
                               healthy = make(&checked, "Notify=healthy\n");
        autoptr(ContainerSpec) type = make(&checked, "[Service]\nType=healthy\n");
        autoptr(ContainerSpec) both = make(&checked, "Notify=healthy\n[Service]\nType=notify\n");

        ck_assert_int_eq(yes->type, SERVICE_NOTIFY);
        ck_assert_int_eq(healthy->type, SERVICE_HEALTHY);
        ck_assert_int_eq(type->type, SERVICE_HEALTHY);
        ck_assert_int_eq(both->type, SERVICE_HEALTHY);
}
END_TEST

static void assert_refused(const ImageConfig *image, const char *lines, const char *message) {
        const SpecSources sources = { .image = image, .config = &config };
        autoptr(Diag) diag = diag_new();
        autoptr(UnitSpec) u = NULL;
        autofree char *text = NULL, *said = NULL;
        ContainerSpec *s = NULL;

        ck_assert_int_gt(asprintf(&text, "[Container]\nImage=x\n%s", lines), 0);
        u = load_good("web.container", text);
        ck_assert_int_eq(spec_make(u, &sources, diag, &s), -EINVAL);
        said = diag_to_string(diag);
        ck_assert_msg(strstr(said, message), "%s", said);
}

START_TEST(who_waits_for_health_needs_a_check) {
        assert_refused(
                &plain, "Notify=healthy\n",
                ":3:8: error: it is ready when it is healthy, but there is no health check (neither the unit "
                "(Probe=, HealthCmd=) nor the image has one)\n");
        assert_refused(&checked, "HealthCmd=none\n[Service]\nType=healthy\n",
                       ":5:6: error: it is ready when it is healthy, but there is no health check");
        assert_refused(
                &checked, "HealthInterval=disable\nNotify=healthy\n",
                ":4:8: error: it is ready when it is healthy, but HealthInterval=disable makes no check\n");
}
END_TEST

TEST_MAIN("health-spec", without_a_check_there_is_none, the_image_has_a_check, the_unit_has_a_check,
          notify_is_type_in_quadlets_words, who_waits_for_health_needs_a_check)
