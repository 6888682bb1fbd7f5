/* Maps of ids: arithmetic, and lines that replace parts of others. */
#include <errno.h>

#include "unit-test.h"

#include "basic/macro.h"
#include "spec/id-map.h"
#include "spec/mount-map.h"

START_TEST(both_ways) {
        autoidmap IdMap m = {};

        ck_assert_int_eq(id_map_range(&m, 100000, 65536), 0);
        ck_assert_uint_eq(id_list_inside(&m.uids, 100000), 0);
        ck_assert_uint_eq(id_list_inside(&m.uids, 165535), 65535);
        ck_assert_uint_eq(id_list_inside(&m.gids, 165536), ID_NOBODY);
        ck_assert_uint_eq(id_list_inside(&m.gids, 99999), ID_NOBODY);
        ck_assert_uint_eq(id_list_outside(&m.uids, 33), 100033);
        ck_assert_uint_eq(id_list_outside(&m.uids, 65536), ID_NOBODY);
        ck_assert_uint_eq(id_map_outside(&m, (IdPair){ 1, 2 }).gid, 100002);
        ck_assert_uint_eq(id_map_inside(&m, (IdPair){ 100001, 2 }).uid, 1);
}
END_TEST

START_TEST(without_a_namespace_ids_are_themselves) {
        const IdMap none = {};

        ck_assert_uint_eq(id_map_outside(&none, (IdPair){ 1, 2 }).gid, 2);
        ck_assert_uint_eq(id_map_inside(NULL, (IdPair){ 1, 2 }).uid, 1);
}
END_TEST

static void assert_line(const IdList *list, size_t i, uint32_t inside, uint32_t outside, uint32_t count) {
        ck_assert_uint_lt(i, list->n);
        ck_assert_uint_eq(list->items[i].inside, inside);
        ck_assert_uint_eq(list->items[i].outside, outside);
        ck_assert_uint_eq(list->items[i].count, count);
}

/* What a mount of its own map means: each line names ids of the host, or with "@" of the container. */
START_TEST(maps_of_mounts) {
        IdMapSpec users[] = {
                { .inside = 1000, .outside = 998, .count = 4, .container = true },
                { .inside = 5, .outside = 7, .count = 1 },
        };
        MountSpec m = { .uid_map = { users, ELEMENTSOF(users) } };
        autoidmap IdMap ids = {}, map = {}, host = {}, lacking = {};

        ck_assert(!mount_map_is_set(&(MountSpec){}));
        ck_assert(mount_map_is_set(&m));
        ck_assert_int_eq(id_list_add(&ids.uids, (IdExtent){ 0, 100000, 1000 }), 0);
        ck_assert_int_eq(id_list_add(&ids.uids, (IdExtent){ 1000, 300000, 1000 }), 0);
        ck_assert_int_eq(id_list_add(&ids.gids, (IdExtent){ 0, 200000, 10 }), 0);

        ck_assert_int_eq(mount_map_make(&m, &ids, &map), 0);
        ck_assert_uint_eq(map.uids.n, 3);
        assert_line(&map.uids, 0, 1000, 100998, 2);
        assert_line(&map.uids, 1, 1002, 300000, 2);
        assert_line(&map.uids, 2, 5, 7, 1);
        ck_assert_uint_eq(map.gids.n, 1);
        assert_line(&map.gids, 0, 0, 200000, 10);

        ck_assert_int_eq(mount_map_make(&m, NULL, &host), 0);
        assert_line(&host.uids, 0, 1000, 998, 4);
        assert_line(&host.gids, 0, 0, 0, UINT32_MAX);

        users[0].outside = 1998;
        ck_assert_int_eq(mount_map_make(&m, &ids, &lacking), -ERANGE);
}
END_TEST

START_TEST(lines_replace_parts) {
        autoidmap IdMap m = {};

        ck_assert_int_eq(id_map_range(&m, 100000, 65536), 0);
        ck_assert_int_eq(id_list_replace(&m.uids, (IdExtent){ 1000, 500, 2 }), 0);
        ck_assert_uint_eq(m.uids.n, 3);
        assert_line(&m.uids, 0, 0, 100000, 1000);
        assert_line(&m.uids, 1, 1002, 101002, 64534);
        assert_line(&m.uids, 2, 1000, 500, 2);
        ck_assert_int_eq(id_list_check(&m.uids), 0);

        /* Over the edges of two, and one as a whole. */
        ck_assert_int_eq(id_list_replace(&m.uids, (IdExtent){ 999, 7, 10 }), 0);
        ck_assert_uint_eq(m.uids.n, 3);
        assert_line(&m.uids, 0, 0, 100000, 999);
        assert_line(&m.uids, 1, 1009, 101009, 64527);
        assert_line(&m.uids, 2, 999, 7, 10);

        /* All of it, up to the last id. */
        ck_assert_int_eq(id_list_replace(&m.uids, (IdExtent){ 0, 0, UINT32_MAX }), 0);
        ck_assert_uint_eq(m.uids.n, 1);
        ck_assert_int_eq(id_list_check(&m.uids), 0);
}
END_TEST

START_TEST(the_kernel_would_refuse) {
        IdExtent lines[341] = { { 0, 100, 10 }, { 5, 200, 10 } };
        IdList list = { lines, 2 };

        ck_assert_int_eq(id_list_check(&list), -EINVAL);
        lines[1] = (IdExtent){ 10, 105, 10 };
        ck_assert_int_eq(id_list_check(&list), -EINVAL);
        lines[1] = (IdExtent){ 10, 110, 0 };
        ck_assert_int_eq(id_list_check(&list), -EINVAL);
        lines[1] = (IdExtent){ 10, UINT32_MAX - 1, 2 };
        ck_assert_int_eq(id_list_check(&list), -EINVAL);
        lines[1] = (IdExtent){ 10, 110, 10 };
        ck_assert_int_eq(id_list_check(&list), 0);
        for (unsigned i = 0; i < ELEMENTSOF(lines); i++)
                lines[i] = (IdExtent){ i, i, 1 };
        list.n = ELEMENTSOF(lines);
        ck_assert_int_eq(id_list_check(&list), -E2BIG);
}
END_TEST

TEST_MAIN("id-map", both_ways, without_a_namespace_ids_are_themselves, maps_of_mounts, lines_replace_parts,
          the_kernel_would_refuse)
