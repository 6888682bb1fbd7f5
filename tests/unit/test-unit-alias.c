/* Links among unit files: aliases, what cannot be one, and the default instance of a template. */
#include "unit-path-fixture.h"

START_TEST(aliases_lead_to_names) {
        Tree t = tree_make();

        put_unit(&t, "lib/real.container");
        put_unit(&t, "etc/real.container");
        put_link(&t, "run/alias.container", "../lib/real.container");
        put_link(&t, "run/second.container", "alias.container");
        put_link(&t, "run/third.container", "/nonexistent/../second.container");
        scan(&t);

        /* Not the file that the link leads to: the unit that is named like it. */
        check_load(&t, "alias.container", 0, "etc/real.container");
        check_load(&t, "second.container", 0, "etc/real.container");
        check_real(&t, "second.container", "real.container", "");
        check_real(&t, "real.container", "real.container", "");
        /* Out of the search path: a unit file, here one that is missing. */
        check_real(&t, "third.container", "third.container", "");
        check_load(&t, "third.container", -ENOENT, "");
        tree_done(&t);
}
END_TEST

START_TEST(aliases_of_what_is_elsewhere_or_masked) {
        Tree t = tree_make();
        autofree char *file = NULL;

        put_unit(&t, "etc/sub/real.container");
        put_link(&t, "lib/far.container", "../etc/sub/real.container");
        put_link(&t, "lib/masked.container", "gone.container");
        put_link(&t, "run/gone.container", "/dev/null");
        put_unit(&t, "lib/gone.container");
        scan(&t);

        check_load(&t, "far.container", 0, "etc/sub/real.container");
        check_load(&t, "masked.container", -ERFKILL, "");
        ck_assert_int_eq(unit_path_find(t.path, "masked.container", &file), -ERFKILL);
        ck_assert_ptr_nonnull(endswith(file, "/run/gone.container"));
        tree_done(&t);
}
END_TEST

START_TEST(aliases_of_templates) {
        Tree t = tree_make();
        autostrv char **names = NULL;
        autofree char *joined = NULL;

        put_unit(&t, "lib/t@.container");
        put_unit(&t, "lib/t@own.container");
        put_link(&t, "etc/a@.container", "t@.container");
        put_link(&t, "etc/b@k.container", "t@.container");
        put_link(&t, "etc/c@k.container", "t@k.container");
        put_link(&t, "etc/t@pre.container", "t@.container");
        scan(&t);

        check_real(&t, "a@q.container", "t@q.container", "");
        check_real(&t, "a@pre.container", "t@pre.container", "");
        check_real(&t, "a@.container", "t@.container", "");
        check_real(&t, "b@k.container", "t@k.container", "");
        check_real(&t, "b@x.container", NULL, "");
        check_real(&t, "c@k.container", "t@k.container", "");
        check_real(&t, "t@pre.container", "t@pre.container", "");
        /* An instance with a file of its own is not what an alias of the template means. */
        check_real(&t, "a@own.container", "a@own.container", "");
        check_load(&t, "a@own.container", 0, "lib/t@.container");
        check_load(&t, "t@own.container", 0, "lib/t@own.container");
        check_load(&t, "t@pre.container", 0, "lib/t@.container");
        check_load(&t, "c@k.container", 0, "lib/t@.container");

        ck_assert_int_eq(unit_path_aliases(t.path, "t@own.container", &names), 0);
        ck_assert_ptr_null(names);
        ck_assert_int_eq(unit_path_aliases(t.path, "t@k.container", &names), 0);
        joined = strv_join(names, " ");
        ck_assert_str_eq(joined, "a@k.container b@k.container c@k.container");
        tree_done(&t);
}
END_TEST

START_TEST(names_that_have_a_file_are_no_aliases) {
        Tree t = tree_make();
        autostrv char **names = NULL;

        put_unit(&t, "lib/t@.container");
        put_link(&t, "lib/a@.container", "t@.container");
        put_unit(&t, "lib/a@x.container");
        scan(&t);

        check_real(&t, "a@x.container", "a@x.container", "");
        ck_assert_int_eq(unit_path_aliases(t.path, "t@x.container", &names), 0);
        ck_assert_ptr_null(names);
        ck_assert_int_eq(unit_path_aliases(t.path, "nope.container", &names), -ENOENT);
        tree_done(&t);
}
END_TEST

START_TEST(drop_ins_of_aliases_count) {
        Tree t = tree_make();

        put_unit(&t, "lib/r.container");
        put_link(&t, "etc/al.container", "r.container");
        put_unit(&t, "etc/al.container.d/1.conf");
        put_unit(&t, "lib/r.container.d/1.conf");
        put_unit(&t, "lib/al.container.d/2.conf");
        put_unit(&t, "etc/container.d/2.conf");
        scan(&t);

        /* The unit's own name before its others, wherever the file lies, and those before the kind. */
        check_load(&t, "al.container", 0,
                   "lib/r.container lib/r.container.d/1.conf lib/al.container.d/2.conf");
        check_load(&t, "r.container", 0,
                   "lib/r.container lib/r.container.d/1.conf lib/al.container.d/2.conf");
        tree_done(&t);
}
END_TEST

START_TEST(links_that_are_refused) {
        static const struct {
                const char *name, *target, *why;
        } links[] = {
                { "a.container", "t@.container", "t@.container, a template" },
                { "b.container", "t@i.container", "t@i.container, an instance of a template" },
                { "c@.container", "r.container", "r.container, which is no template" },
                { "d@x.container", "r.container", "r.container, which is no template" },
                { "e@j.container", "t@i.container", "t@i.container, another instance" },
                { "f.container", "n.network", "n.network, a unit of another kind" },
                { "g.container", "notes", "notes, which is not the name of a unit" },
        };
        Tree t = tree_make();

        put_unit(&t, "lib/r.container");
        put_unit(&t, "lib/t@.container");
        put_unit(&t, "lib/n.network");
        put_unit(&t, "lib/notes");
        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                autofree char *file = NULL, *target = NULL;

                ck_assert_int_gt(asprintf(&file, "etc/%s", links[i].name), 0);
                ck_assert_int_gt(asprintf(&target, "../lib/%s", links[i].target), 0);
                put_link(&t, file, target);
        }
        scan(&t);

        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                autofree char *message = NULL;

                ck_assert_int_gt(
                        asprintf(
                                &message,
                                "etc/%s: error: The link leads to %s (a link to a file of the search path is "
                                "another name for the unit of that file)\n",
                                links[i].name, links[i].why),
                        0);
                check_real(&t, links[i].name, NULL, message);
        }
        tree_done(&t);
}
END_TEST

START_TEST(what_is_refused_hides_nothing) {
        Tree t = tree_make();

        put_link(&t, "etc/a.container", "n.network");
        put_unit(&t, "etc/n.network");
        put_unit(&t, "lib/a.container");
        scan(&t);

        check_load(&t, "a.container", 0, "lib/a.container");
        check_real(&t, "a.container", "a.container",
                   "etc/a.container: warning: The link leads to n.network, a unit of another kind; ignoring "
                   "it\n");
        tree_done(&t);
}
END_TEST

START_TEST(instances_whose_link_leads_nowhere) {
        Tree t = tree_make();

        put_link(&t, "etc/u@i.container", "nothing@.container");
        put_unit(&t, "lib/u@.container");
        put_link(&t, "etc/v@i.container", "nothing@.container");
        put_link(&t, "lib/v@.container", "/dev/null");
        put_link(&t, "etc/self@i.container", "self@i.container");
        put_unit(&t, "lib/self@i.container");
        scan(&t);

        check_real(&t, "u@i.container", "u@i.container",
                   "etc/u@i.container: warning: The link leads to nothing@i.container, for which there is no "
                   "unit file; "
                   "ignoring it\n");
        check_load(&t, "u@i.container", 0, "lib/u@.container");
        check_load(&t, "v@i.container", -ERFKILL, "");
        check_load(&t, "self@i.container", 0, "lib/self@i.container");
        tree_done(&t);
}
END_TEST

START_TEST(links_without_an_end) {
        Tree t = tree_make();

        put_link(&t, "etc/a.container", "b.container");
        put_link(&t, "lib/b.container", "../etc/a.container");
        put_link(&t, "etc/self.container", "self.container");
        put_link(&t, "etc/none.container", "nothing.container");
        put_unit(&t, "lib/none.container");
        scan(&t);

        check_real(&t, "a.container", NULL, "etc/a.container: error: The link leads round in a circle\n");
        check_real(&t, "b.container", NULL, "lib/b.container: error: The link leads round in a circle\n");
        check_real(&t, "self.container", NULL,
                   "etc/self.container: error: The link leads to itself (a link to a file of the search path "
                   "is another "
                   "name for the unit of that file)\n");
        /* An alias hides lower files even when there is no such unit. */
        check_real(&t, "none.container", NULL,
                   "etc/none.container: error: The link leads to nothing.container, for which there is no "
                   "unit file\n");
        tree_done(&t);
}
END_TEST

START_TEST(fragment_path_of_links) {
        Tree t = tree_make();
        autofree char *inside = NULL, *outside = NULL, *same = NULL;

        put_unit(&t, "opt/o.container");
        put_link(&t, "etc/o.container", "../opt/o.container");
        put_unit(&t, "etc/real.container");
        put_link(&t, "etc/alias.container", "real.container");
        put_unit(&t, "lib/same.container");
        put_link(&t, "etc/same.container", "../lib/same.container");
        scan(&t);

        /* Out of the search path the link is the unit file, inside its target is. */
        ck_assert_int_eq(unit_path_find(t.path, "o.container", &outside), 0);
        ck_assert_ptr_nonnull(endswith(outside, "/etc/o.container"));
        ck_assert_int_eq(unit_path_find(t.path, "alias.container", &inside), 0);
        ck_assert_ptr_nonnull(endswith(inside, "/etc/real.container"));
        ck_assert_int_eq(unit_path_find(t.path, "same.container", &same), 0);
        ck_assert_ptr_nonnull(endswith(same, "/lib/same.container"));
        ck_assert_ptr_null(strstr(same, ".."));
        check_load(&t, "o.container", 0, "opt/o.container");
        tree_done(&t);
}
END_TEST

static void check_default_instance(Tree *t, const char *template, int expected_r, const char *expected,
                                   const char *messages) {
        const SpecifierContext host = { .host_name = "box", .runtime_dir = "/run" };
        autoptr(Diag) diag = diag_new();
        autofree char *name = NULL, *said = NULL;

        ck_assert_int_eq(unit_path_default_instance(t->path, template, &host, diag, &name), expected_r);
        ck_assert(streq_null(name, expected));
        said = without_root(t, diag);
        ck_assert_str_eq(said, messages);
}

START_TEST(default_instances) {
        Tree t = tree_make();

        put(&t, "lib/a@.container", "[Install]\nDefaultInstance=one\nDefaultInstance=%p-%H\n");
        put(&t, "lib/b@.container", "[Install]\nWantedBy=x.target\n");
        put(&t, "lib/c@.container", "[Install]\nDefaultInstance=a b\n");
        put(&t, "lib/d@.container", "[Install]\nDefaultInstance=%t\n");
        put(&t, "lib/e@.container", "[Install]\nDefaultInstance=one\nDefaultInstance=\n");
        put(&t, "etc/b@.container.d/1.conf", "[Install]\nDefaultInstance=of-a-drop-in\n");
        scan(&t);

        check_default_instance(&t, "a@.container", 0, "a@a-box.container", "");
        check_default_instance(&t, "b@.container", 0, "b@of-a-drop-in.container", "");
        check_default_instance(
                &t, "c@.container", -EINVAL, NULL,
                "lib/c@.container:2:17: error: DefaultInstance=: \"a b\" cannot be part of a unit's name\n");
        check_default_instance(
                &t, "d@.container", -EINVAL, NULL,
                "lib/d@.container:2:17: error: Specifier \"%t\" has no meaning in [Install]\n");
        check_default_instance(&t, "e@.container", 0, NULL, "");
        check_default_instance(&t, "f@.container", -ENOENT, NULL, "");
        tree_done(&t);
}
END_TEST

TEST_MAIN("unit-alias", aliases_lead_to_names, aliases_of_what_is_elsewhere_or_masked, aliases_of_templates,
          names_that_have_a_file_are_no_aliases, drop_ins_of_aliases_count, links_that_are_refused,
          what_is_refused_hides_nothing, instances_whose_link_leads_nowhere, links_without_an_end,
          fragment_path_of_links, default_instances)
