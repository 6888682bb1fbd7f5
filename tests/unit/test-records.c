/* Who is called what on which network. */
#include "basic/strv.h"
#include "network/records.h"
#include "unit-test.h"

static void add(NameTable *t, const char *unit, const char *network, const char *four, const char *six, ...) {
        NameRecord r = { .unit = unit, .network = network };
        autostrv char **names = NULL;
        const char *name;
        va_list ap;

        va_start(ap, six);
        while ((name = va_arg(ap, const char *)))
                ck_assert_int_eq(strv_add(&names, name), 0);
        va_end(ap);
        r.names = names;
        ck_assert_int_eq(inet_parse(four, &r.addresses[r.n_addresses++]), 0);
        if (six)
                ck_assert_int_eq(inet_parse(six, &r.addresses[r.n_addresses++]), 0);
        ck_assert_int_eq(name_table_add(t, &r), 0);
}

static NameTable *make(void) {
        NameTable *t = name_table_new();

        ck_assert_ptr_nonnull(t);
        add(t, "web.container", "back.network", "10.1.0.2", "fd00::2", "web", "www", "web", NULL);
        add(t, "web.container", "front.network", "10.2.0.2", NULL, "web", NULL);
        add(t, "db.container", "back.network", "10.1.0.3", NULL, "db", "bad name", "evil\n10.9.9.9\tbank",
            NULL);
        return t;
}

START_TEST(lines_of_networks) {
        char *back[] = { (char *) "back.network", NULL };
        char *both[] = { (char *) "front.network", (char *) "back.network", NULL };
        autoptr(NameTable) t = make();
        autofree char *of_db = name_table_hosts(t, back, "db.container");
        autofree char *of_web = name_table_hosts(t, both, "web.container");
        autofree char *of_front = name_table_hosts(t, (char *[]){ both[0], NULL }, NULL);
        autofree char *of_none = name_table_hosts(t, (char *[]){ NULL }, NULL);
        autofree char *of_all = name_table_hosts(t, both, NULL);

        ck_assert_str_eq(of_db, "10.1.0.2\tweb www\nfd00::2\tweb www\n");
        ck_assert_str_eq(of_web, "10.1.0.3\tdb\n");
        ck_assert_str_eq(of_front, "10.2.0.2\tweb\n");
        ck_assert_str_eq(of_none, "");
        ck_assert_str_eq(of_all, "10.1.0.2\tweb www\nfd00::2\tweb www\n10.2.0.2\tweb\n10.1.0.3\tdb\n");
}
END_TEST

static void check_found(const NameTable *t, const char *what, const char *network, const char *expected) {
        json_t *list = name_table_find(t, what, network);
        autofree char *text = json_dumps(list, JSON_COMPACT);

        ck_assert_str_eq(text, expected);
        json_decref(list);
}

START_TEST(names_and_addresses_are_found) {
        autoptr(NameTable) t = make();

        check_found(t, "WWW", NULL,
                    "[{\"name\":\"WWW\",\"network\":\"back.network\",\"unit\":\"web.container\","
                    "\"address\":\"10.1.0.2\"},"
                    "{\"name\":\"WWW\",\"network\":\"back.network\",\"unit\":\"web.container\","
                    "\"address\":\"fd00::2\"}]");
        check_found(t, "web", "front.network",
                    "[{\"name\":\"web\",\"network\":\"front.network\",\"unit\":\"web.container\","
                    "\"address\":\"10.2.0.2\"}]");
        check_found(t, "10.1.0.3", NULL,
                    "[{\"name\":\"db\",\"network\":\"back.network\",\"unit\":\"db.container\","
                    "\"address\":\"10.1.0.3\"}]");
        check_found(t, "bank", NULL, "[]");
        check_found(t, "10.9.9.9", NULL, "[]");
}
END_TEST

TEST_MAIN("records", lines_of_networks, names_and_addresses_are_found)
