/* Ids in ACLs and file capabilities. */
#include <endian.h>
#include <linux/capability.h>
#include <string.h>

#include "unit-test.h"

#include "storage/id-shift.h"

static IdExtent extent = { 0, 100000, 65536 };
static const IdMap shift = { { &extent, 1 }, { &extent, 1 } };
static const IdMap none = {};

START_TEST(wanted) {
        ck_assert(id_shift_wants_xattr("user.x"));
        ck_assert(id_shift_wants_xattr("security.capability"));
        ck_assert(id_shift_wants_xattr("system.posix_acl_default"));
        ck_assert(!id_shift_wants_xattr("trusted.overlay.opaque"));
        ck_assert(!id_shift_wants_xattr("security.selinux"));
}
END_TEST

START_TEST(acl) {
        /* Version 2; owner rw, user 100033 rw, group 100044 r, mask rw. */
        uint8_t value[] = { 2, 0, 0, 0, 1, 0, 6,    0,    255, 255, 255, 255, 2, 0, 6,   0,   0xc1, 0x86,
                            1, 0, 8, 0, 4, 0, 0xcc, 0x86, 1,   0,   16,  0,   6, 0, 255, 255, 255,  255 };
        uint8_t expected[] = { 2, 0, 0, 0, 1, 0, 6,  0, 255, 255, 255, 255, 2, 0, 6,   0,   33,  0,
                               0, 0, 8, 0, 4, 0, 44, 0, 0,   0,   16,  0,   6, 0, 255, 255, 255, 255 };

        ck_assert_uint_eq(id_shift_xattr(&none, "system.posix_acl_access", value, sizeof(value)),
                          sizeof(value));
        ck_assert_int_eq(value[16], 0xc1);
        ck_assert_uint_eq(id_shift_xattr(&shift, "system.posix_acl_access", value, sizeof(value)),
                          sizeof(value));
        ck_assert_mem_eq(value, expected, sizeof(value));
}
END_TEST

START_TEST(capability) {
        struct vfs_ns_cap_data d = {
                .magic_etc = htole32(VFS_CAP_REVISION_3 | VFS_CAP_FLAGS_EFFECTIVE),
                .data = { { .permitted = htole32(1 << 10) } },
                .rootid = htole32(100000),
        };
        struct vfs_ns_cap_data other = d;

        ck_assert_uint_eq(id_shift_xattr(&shift, "security.capability", &d, sizeof(d)), XATTR_CAPS_SZ_2);
        ck_assert_uint_eq(le32toh(d.magic_etc), VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE);
        ck_assert_uint_eq(le32toh(d.data[0].permitted), 1 << 10);

        /* Of a namespace inside the container: stays one. */
        other.rootid = htole32(100005);
        ck_assert_uint_eq(id_shift_xattr(&shift, "security.capability", &other, sizeof(other)),
                          sizeof(other));
        ck_assert_uint_eq(le32toh(other.rootid), 5);
}
END_TEST

TEST_MAIN("storage/id-shift", wanted, acl, capability)
