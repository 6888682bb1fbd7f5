/* The programs, instruction by instruction, and bpf(2) without a library: it is forty instructions. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "basic/macro.h"
#include "network/internal.h"

#define N_PORTS_MAX   (2 * 65536) /* TCP and UDP */
#define N_INSNS_MAX   64
#define N_OLD_MAX     64 /* programs that one cgroup takes (BPF_CGROUP_MAX_PROGS) */
#define FAMILIES      2
#define LOOPBACK4_NET htonl(0x7f000000)

/* As the program sees them: both in the layout of struct bpf_sock_addr. */
typedef struct Key {
        uint32_t port; /* network order */
        uint32_t protocol;
} Key;

typedef struct Target {
        uint32_t address[4]; /* the first alone for connect4 */
        uint32_t port;
} Target;

struct Localhost {
        int cgroup_fd;
        uint64_t cookie; /* of the manager's network namespace */
        int map_fds[FAMILIES];
        size_t n_entries;
        bool settled; /* what an earlier manager has attached is gone */
        bool attached;
};

static const enum bpf_attach_type hooks[FAMILIES] = { BPF_CGROUP_INET4_CONNECT, BPF_CGROUP_INET6_CONNECT };

static int bpf(enum bpf_cmd command, union bpf_attr *attr) {
        long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

        return r < 0 ? -errno : (int) r;
}

/* By the namespace, so that managers of different namespaces leave each other's programs alone. */
static void name_program(const Localhost *l, size_t family, char ret[BPF_OBJ_NAME_LEN]) {
        (void) snprintf(ret, BPF_OBJ_NAME_LEN, "nsu%c_%010llx", family ? '6' : '4',
                        (unsigned long long) l->cookie & 0xffffffffff);
}

/* --- the program ------------------------------------------------------------------------------------- */

typedef struct Program {
        struct bpf_insn insns[N_INSNS_MAX];
        size_t n;
        size_t exits[16]; /* jumps to the end */
        size_t n_exits;
} Program;

static void emit(Program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
        p->insns[p->n++] = (struct bpf_insn){
                .code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = off, .imm = imm
        };
}

/* A jump to the end. */
static void emit_exit(Program *p, uint8_t condition, uint8_t dst, uint8_t src, int32_t imm) {
        p->exits[p->n_exits++] = p->n;
        emit(p, condition, dst, src, 0, imm);
}

static void emit_wide(Program *p, uint8_t dst, uint8_t src, uint64_t value) {
        emit(p, BPF_LD | BPF_IMM | BPF_DW, dst, src, 0, (int32_t) (uint32_t) value);
        emit(p, 0, 0, 0, 0, (int32_t) (uint32_t) (value >> 32));
}

static void emit_load(Program *p, uint8_t dst, uint8_t src, size_t offset) {
        emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, src, (int16_t) offset, 0);
}

static void emit_store(Program *p, uint8_t dst, int offset, uint8_t src) {
        emit(p, BPF_STX | BPF_MEM | BPF_W, dst, src, (int16_t) offset, 0);
}

static void emit_call(Program *p, int32_t function) {
        emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* Exits unless the address is 127.0.0.0/8 or ::1. */
static void emit_is_loopback(Program *p, bool six) {
        if (!six) {
                emit_load(p, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock_addr, user_ip4));
                emit(p, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_1, 0, 0, (int32_t) htonl(0xff000000));
                emit(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_1, 0, 0);
                emit_exit(p, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_1, 0, (int32_t) LOOPBACK4_NET);
                return;
        }
        for (size_t i = 0; i < 4; i++) {
                emit_load(p, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock_addr, user_ip6) + i * 4);
                emit_exit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_1, 0, i == 3 ? (int32_t) htonl(1) : 0);
        }
}

static void assemble(Program *p, const Localhost *l, bool six) {
        size_t address =
                six ? offsetof(struct bpf_sock_addr, user_ip6) : offsetof(struct bpf_sock_addr, user_ip4);

        /* Is it a process of our network namespace? */
        emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0);
        emit_call(p, BPF_FUNC_get_netns_cookie);
        emit_wide(p, BPF_REG_1, 0, l->cookie);
        emit_exit(p, BPF_JMP | BPF_JNE | BPF_X, BPF_REG_0, BPF_REG_1, 0);
        emit_is_loopback(p, six);

        /* Is the port published? The Key lies on the stack. */
        emit_load(p, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock_addr, user_port));
        emit_store(p, BPF_REG_10, -8, BPF_REG_1);
        emit_load(p, BPF_REG_1, BPF_REG_6, offsetof(struct bpf_sock_addr, protocol));
        emit_store(p, BPF_REG_10, -4, BPF_REG_1);
        emit_wide(p, BPF_REG_1, BPF_PSEUDO_MAP_FD, (uint32_t) l->map_fds[six]);
        emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0);
        emit(p, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, -8);
        emit_call(p, BPF_FUNC_map_lookup_elem);
        emit_exit(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 0);

        for (size_t i = 0; i < (six ? 4 : 1); i++) {
                emit_load(p, BPF_REG_1, BPF_REG_0, offsetof(Target, address) + i * 4);
                emit_store(p, BPF_REG_6, (int) (address + i * 4), BPF_REG_1);
        }
        emit_load(p, BPF_REG_1, BPF_REG_0, offsetof(Target, port));
        emit_store(p, BPF_REG_6, offsetof(struct bpf_sock_addr, user_port), BPF_REG_1);

        for (size_t i = 0; i < p->n_exits; i++)
                p->insns[p->exits[i]].off = (int16_t) (p->n - p->exits[i] - 1);
        emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1); /* 1: let it connect */
        emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int load(const Localhost *l, size_t family) {
        union bpf_attr attr = {};
        Program p = {};

        assemble(&p, l, family == 1);
        attr.prog_type = BPF_PROG_TYPE_CGROUP_SOCK_ADDR;
        attr.expected_attach_type = hooks[family];
        attr.insns = (uintptr_t) p.insns;
        attr.insn_cnt = (uint32_t) p.n;
        attr.license = (uintptr_t) "Dual MIT/GPL"; /* of these instructions */
        name_program(l, family, attr.prog_name);
        return bpf(BPF_PROG_LOAD, &attr);
}

/* --- attaching --------------------------------------------------------------------------------------- */

static int attach(const Localhost *l, size_t family) {
        autoclose int fd = load(l, family);
        union bpf_attr attr = {};

        if (fd < 0)
                return fd;
        attr.target_fd = (uint32_t) l->cgroup_fd;
        attr.attach_bpf_fd = (uint32_t) fd;
        attr.attach_type = hooks[family];
        attr.attach_flags = BPF_F_ALLOW_MULTI; /* others may have theirs there */
        return bpf(BPF_PROG_ATTACH, &attr);
}

static int open_program(uint32_t id) {
        union bpf_attr attr = {};

        attr.prog_id = id;
        return bpf(BPF_PROG_GET_FD_BY_ID, &attr);
}

static bool is_ours(const Localhost *l, size_t family, int fd) {
        struct bpf_prog_info info = {};
        union bpf_attr attr = {};
        char name[BPF_OBJ_NAME_LEN];

        attr.info.bpf_fd = (uint32_t) fd;
        attr.info.info_len = sizeof(info);
        attr.info.info = (uintptr_t) &info;
        name_program(l, family, name);
        return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) >= 0 && streq(info.name, name);
}

/* Programs of this hook: ours and those of others. Returns their number. */
static int list_programs(const Localhost *l, size_t family, uint32_t ids[N_OLD_MAX]) {
        union bpf_attr attr = {};
        int r;

        attr.query.target_fd = (uint32_t) l->cgroup_fd;
        attr.query.attach_type = hooks[family];
        attr.query.prog_ids = (uintptr_t) ids;
        attr.query.prog_cnt = N_OLD_MAX;
        r = bpf(BPF_PROG_QUERY, &attr);
        return r < 0 ? r : (int) attr.query.prog_cnt;
}

/* Detaches those of ours that are among @ids. */
static int detach(const Localhost *l, size_t family, const uint32_t *ids, int n) {
        int first = 0;

        for (int i = 0; i < n; i++) {
                autoclose int fd = open_program(ids[i]);
                union bpf_attr attr = {};
                int r;

                if (fd < 0 || !is_ours(l, family, fd))
                        continue;
                attr.target_fd = (uint32_t) l->cgroup_fd;
                attr.attach_bpf_fd = (uint32_t) fd;
                attr.attach_type = hooks[family];
                r = bpf(BPF_PROG_DETACH, &attr);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

int localhost_settle(Localhost *l) {
        bool wanted = l && l->n_entries > 0;
        int first = 0;

        if (!l || (l->settled && wanted == l->attached))
                return 0;

        /* The new one first: at no time does the port lead nowhere. */
        for (size_t i = 0; i < FAMILIES; i++) {
                uint32_t ids[N_OLD_MAX];
                int n = list_programs(l, i, ids), r = n < 0 ? n : 0;

                if (r >= 0 && wanted)
                        r = attach(l, i);
                if (r >= 0)
                        r = detach(l, i, ids, n);
                if (r < 0 && first == 0)
                        first = r;
        }
        l->settled = first == 0;
        l->attached = wanted && l->settled;
        return first;
}

/* --- ports ------------------------------------------------------------------------------------------- */

static int make_map(void) {
        union bpf_attr attr = {};

        attr.map_type = BPF_MAP_TYPE_HASH;
        attr.key_size = sizeof(Key);
        attr.value_size = sizeof(Target);
        attr.max_entries = N_PORTS_MAX;
        attr.map_flags = BPF_F_NO_PREALLOC;
        (void) snprintf(attr.map_name, sizeof(attr.map_name), "nsunits_ports");
        return bpf(BPF_MAP_CREATE, &attr);
}

static int set_entry(Localhost *l, size_t family, bool add, const Key *key, const Target *target) {
        union bpf_attr attr = {};
        int r;

        attr.map_fd = (uint32_t) l->map_fds[family];
        attr.key = (uintptr_t) key;
        attr.value = add ? (uintptr_t) target : 0;
        if (add)
                attr.flags = BPF_NOEXIST;
        r = bpf(add ? BPF_MAP_UPDATE_ELEM : BPF_MAP_DELETE_ELEM, &attr);
        if (r >= 0)
                l->n_entries += add ? 1 : (size_t) -1;
        return r;
}

/* An IPv4 address is good for a connection to ::1, too: the socket then speaks IPv4 (RFC 4291, 2.5.5.2). */
static void target_of(const InetAddress *to, bool six, Target *ret) {
        size_t offset = six && to->family == AF_INET ? 12 : 0;

        *ret = (Target){};
        if (offset > 0)
                ret->address[2] = htonl(0xffff);
        memcpy((uint8_t *) ret->address + offset, to->bytes, inet_size(to->family));
}

static bool is_wanted(const InetAddress *host, bool six) {
        if (host->family == AF_UNSPEC)
                return true;
        if (host->family == AF_INET)
                return !six && host->bytes[0] == 127;
        return six && IN6_IS_ADDR_LOOPBACK(&host->v6);
}

static int enter_port(Localhost *l, bool add, const NetworkPort *p, const NetworkLink *link, size_t family) {
        const InetAddress *to = &link->addresses[0].address; /* IPv4 when there is one */
        Target target;
        int first = 0;

        if ((family == 0 && to->family != AF_INET) || !is_wanted(&p->host_address, family == 1))
                return 0;

        target_of(to, family == 1, &target);
        for (unsigned i = 0; i < p->count; i++) {
                const Key key = { .port = htons((uint16_t) (p->host_port + i)),
                                  .protocol = p->protocol == PROTOCOL_UDP ? IPPROTO_UDP : IPPROTO_TCP };
                int r;

                target.port = htons((uint16_t) (p->container_port + i));
                r = set_entry(l, family, add, &key, &target);
                if (r < 0 && first == 0)
                        first = r;
        }
        return first;
}

int localhost_enter(Localhost *l, bool add, const Attachment *a) {
        const NetworkLink *link = attachment_public_link(a);
        int first = 0;

        for (size_t i = 0; link && i < a->n_ports; i++)
                for (size_t family = 0; family < FAMILIES; family++) {
                        int r;

                        if (a->ports[i].protocol == PROTOCOL_SCTP)
                                continue;
                        r = enter_port(l, add, &a->ports[i], link, family);
                        if (r < 0 && first == 0)
                                first = r;
                }
        return first;
}

/* --- the handle -------------------------------------------------------------------------------------- */

static int read_cookie(uint64_t *ret) {
        autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        socklen_t size = sizeof(*ret);

        return fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret, &size) < 0 ? -errno : 0;
}

int localhost_new(const char *cgroup, Localhost **ret) {
        autoptr(Localhost) l = calloc(1, sizeof(*l));
        uint32_t ids[N_OLD_MAX];
        int r;

        if (!l)
                return -ENOMEM;
        l->map_fds[0] = l->map_fds[1] = -EBADF;
        l->cgroup_fd = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (l->cgroup_fd < 0)
                return -errno;

        r = read_cookie(&l->cookie);
        for (size_t i = 0; r >= 0 && i < FAMILIES; i++) {
                r = l->map_fds[i] = make_map();
                if (r >= 0)
                        r = list_programs(l, i, ids);
        }
        if (r < 0)
                return r;
        *ret = take_ptr(l);
        return 0;
}

void localhost_free(Localhost *l) {
        if (!l)
                return;

        for (size_t i = 0; i < FAMILIES; i++)
                cleanup_close_(&l->map_fds[i]);
        cleanup_close_(&l->cgroup_fd);
        free(l);
}
