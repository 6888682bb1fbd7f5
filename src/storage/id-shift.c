/* Arithmetic of ids; the layouts are those of linux/capability.h and linux/posix_acl_xattr.h. Pure. */
#include <endian.h>
#include <linux/capability.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

#include "basic/macro.h"
#include "storage/id-shift.h"

/* Tags of ACL entries that bear an id (acl(5)). */
#define ACL_TAG_USER  0x02
#define ACL_TAG_GROUP 0x08

bool id_shift_wants_xattr(const char *name) {
        return startswith(name, "user.") || startswith(name, "system.posix_acl_") ||
               streq(name, "security.capability");
}

static void shift_acl(const IdMap *ids, uint8_t *value, size_t size) {
        struct posix_acl_xattr_entry e;

        for (size_t at = sizeof(struct posix_acl_xattr_header); at + sizeof(e) <= size; at += sizeof(e)) {
                memcpy(&e, value + at, sizeof(e));
                if (le16toh(e.e_tag) == ACL_TAG_USER)
                        e.e_id = htole32(id_list_inside(&ids->uids, le32toh(e.e_id)));
                else if (le16toh(e.e_tag) == ACL_TAG_GROUP)
                        e.e_id = htole32(id_list_inside(&ids->gids, le32toh(e.e_id)));
                else
                        continue;
                memcpy(value + at, &e, sizeof(e));
        }
}

/* Seen from outside, the capabilities of a file in a user namespace name the namespace's root (version 3);
 * on disk, where the container's ids are kept, they are ordinary ones (version 2). */
static size_t shift_capability(const IdMap *ids, uint8_t *value, size_t size) {
        struct vfs_ns_cap_data d;
        uint32_t magic, root;

        if (size != sizeof(d))
                return size;
        memcpy(&d, value, sizeof(d));
        magic = le32toh(d.magic_etc);
        if ((magic & VFS_CAP_REVISION_MASK) != VFS_CAP_REVISION_3)
                return size;

        root = id_list_inside(&ids->uids, le32toh(d.rootid));
        d.rootid = htole32(root);
        if (root != 0) {
                memcpy(value, &d, sizeof(d));
                return size;
        }

        d.magic_etc = htole32((magic & ~(uint32_t) VFS_CAP_REVISION_MASK) | VFS_CAP_REVISION_2);
        memcpy(value, &d, XATTR_CAPS_SZ_2);
        return XATTR_CAPS_SZ_2;
}

size_t id_shift_xattr(const IdMap *ids, const char *name, void *value, size_t size) {
        if (!ids || ids->uids.n == 0)
                return size;
        if (startswith(name, "system.posix_acl_"))
                shift_acl(ids, value, size);
        else if (streq(name, "security.capability"))
                return shift_capability(ids, value, size);
        return size;
}
