#include "cgroup/packets.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "basic/macro.h"
#include "cgroup/program.h"

/* As many as leave all jumps within the 16 bits that they have. */
#define PREFIXES_MAX 1024

/* Of the program's stack, below the frame pointer. */
#define STACK_KEY     (-4)
#define STACK_ADDRESS (-24)

static ProgramPlace place_in(int cgroup_fd, bool incoming) {
        return (ProgramPlace){ cgroup_fd, BPF_PROG_TYPE_CGROUP_SKB,
                               incoming ? BPF_CGROUP_INET_INGRESS : BPF_CGROUP_INET_EGRESS,
                               incoming ? "nsu_packets_in" : "nsu_packets_out" };
}

/* --- the program ------------------------------------------------------------------------------------- */

/* Jumps to a place that is not known yet: chained by their own offsets, of which each has the distance to the
 * one before. 0 is the end of the chain. */
typedef struct Label {
        size_t last; /* counted from 1 */
} Label;

static void jump(Program *p, Label *to, uint8_t code, uint8_t reg, int32_t imm) {
        size_t at = p->n;

        program_emit(p, code, reg, 0, (int16_t) (to->last ? at + 1 - to->last : 0), imm);
        to->last = at + 1;
}

static void arrive(Program *p, const Label *label) {
        for (size_t at = label->last; at > 0 && at <= p->n;) {
                size_t back = (size_t) p->insns[at - 1].off;

                program_jump_here(p, at - 1);
                at = back ? at - back : 0;
        }
}

static uint32_t mask_of(unsigned bits, size_t word) {
        unsigned here = bits <= word * 32 ? 0 : MIN_OF(bits - (unsigned) word * 32, 32u);

        return here == 0 ? 0 : htonl(UINT32_MAX << (32 - here));
}

/* To @match when the address is one of @prefix. Each word is loaded anew: what a register was compared with
 * would make the kernel's verifier try all ways through a long list. */
static void emit_prefix(Program *p, const InetPrefix *prefix, Label *match) {
        Label differs = {};

        for (size_t w = 0; w < inet_size(prefix->address.family) / sizeof(uint32_t); w++) {
                uint32_t mask = mask_of(prefix->bits, w), value;

                if (mask == 0)
                        break;
                memcpy(&value, prefix->address.bytes + w * sizeof(value), sizeof(value));
                program_emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_0, BPF_REG_10,
                             (int16_t) (STACK_ADDRESS + (int) (w * sizeof(value))), 0);
                if (mask != UINT32_MAX)
                        program_emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_0, 0, 0, (int32_t) mask);
                jump(p, &differs, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_0, (int32_t) (value & mask));
        }
        jump(p, match, BPF_JMP | BPF_JA, 0, 0);
        arrive(p, &differs);
}

/* False when the list has all addresses: what follows is never reached, which the kernel's verifier refuses.
 */
static bool emit_list(Program *p, const InetPrefixList *list, int family, Label *match) {
        for (size_t i = 0; i < list->n; i++) {
                if (list->items[i].address.family != family)
                        continue;
                emit_prefix(p, &list->items[i], match);
                if (list->items[i].bits == 0)
                        return false;
        }
        return true;
}

/* Register 6 has the packet; to @refused when its other end may not be talked to. */
static void emit_family(Program *p, const LimitSpec *l, int family, bool incoming, Label *refused) {
        size_t offset =
                family == AF_INET
                        ? (incoming ? offsetof(struct iphdr, saddr) : offsetof(struct iphdr, daddr))
                        : (incoming ? offsetof(struct ip6_hdr, ip6_src) : offsetof(struct ip6_hdr, ip6_dst));
        Label other = {}, allowed = {};

        program_emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_7, BPF_REG_6, offsetof(struct __sk_buff, protocol),
                     0);
        jump(p, &other, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_7,
             htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6));

        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_1, BPF_REG_6, 0, 0);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, (int32_t) offset);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_10, 0, 0);
        program_emit(p, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_3, 0, 0, STACK_ADDRESS);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_4, 0, 0, (int32_t) inet_size(family));
        program_emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_load_bytes);
        jump(p, refused, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0);
        if (emit_list(p, &l->ip_allow, family, &allowed))
                (void) emit_list(p, &l->ip_deny, family, refused);
        arrive(p, &allowed);
        arrive(p, &other);
}

/* Adds to the one element of the map, a PacketCount. */
static void emit_count(Program *p, int map_fd) {
        Label missing = {};

        program_emit(p, BPF_ST | BPF_MEM | BPF_W, BPF_REG_10, 0, STACK_KEY, 0);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_2, BPF_REG_10, 0, 0);
        program_emit(p, BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_2, 0, 0, STACK_KEY);
        program_emit(p, BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map_fd);
        program_emit(p, 0, 0, 0, 0, 0);
        program_emit(p, BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem);
        jump(p, &missing, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, 1);
        program_emit(p, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, offsetof(PacketCount, packets),
                     BPF_ADD);
        program_emit(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_1, BPF_REG_6, offsetof(struct __sk_buff, len), 0);
        program_emit(p, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, offsetof(PacketCount, bytes),
                     BPF_ADD);
        arrive(p, &missing);
}

static void assemble(Program *p, const LimitSpec *l, bool incoming, int map_fd) {
        Label refused = {};

        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0);
        if (l->ip_allow.n > 0 || l->ip_deny.n > 0) {
                emit_family(p, l, AF_INET, incoming, &refused);
                emit_family(p, l, AF_INET6, incoming, &refused);
        }
        if (map_fd >= 0)
                emit_count(p, map_fd);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
        program_emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
        if (refused.last == 0)
                return;
        arrive(p, &refused);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
        program_emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* --- attaching --------------------------------------------------------------------------------------- */

static int make_map(void) {
        union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY,
                                .key_size = sizeof(uint32_t),
                                .value_size = sizeof(PacketCount),
                                .max_entries = 1 };

        return bpf_call(BPF_MAP_CREATE, &attr);
}

static int restrict_way(int cgroup_fd, const LimitSpec *limits, bool incoming) {
        const ProgramPlace place = place_in(cgroup_fd, incoming);
        autoprogram Program program = {};
        autoclose int map_fd = -EBADF;

        if (limits->ip_accounting) {
                map_fd = program_open_map(&place);
                if (map_fd == -ENOENT)
                        map_fd = make_map();
                if (map_fd < 0)
                        return map_fd == -EINVAL || map_fd == -ENOSYS ? -EOPNOTSUPP : map_fd;
        }
        assemble(&program, limits, incoming, map_fd);
        return program_replace(&place, &program);
}

static void release(int cgroup_fd) {
        for (int incoming = 0; incoming < 2; incoming++) {
                const ProgramPlace place = place_in(cgroup_fd, incoming);

                (void) program_remove(&place);
        }
}

int cgroup_restrict_packets(int cgroup_fd, const LimitSpec *limits, Fault *fault) {
        size_t n = limits->ip_allow.n + limits->ip_deny.n;
        const char *key = limits->ip_deny.n > 0 ? "IPAddressDeny="
                          : n > 0               ? "IPAddressAllow="
                                                : "IPAccounting=";
        int r;

        if (n == 0 && !limits->ip_accounting) {
                release(cgroup_fd);
                return 0;
        }
        if (n > PREFIXES_MAX)
                return fault_set(fault, "limit", -E2BIG, "%s", key);
        r = restrict_way(cgroup_fd, limits, true);
        if (r >= 0)
                r = restrict_way(cgroup_fd, limits, false);
        if (r >= 0)
                return 0;
        (void) fault_set(fault, "limit", r, "%s", key);
        if (r == -EOPNOTSUPP)
                fault_advise(fault, "the kernel has no programs for a cgroup's packets");
        return r;
}

static int read_count(int cgroup_fd, bool incoming, PacketCount *ret) {
        const ProgramPlace place = place_in(cgroup_fd, incoming);
        autoclose int map_fd = program_open_map(&place);
        uint32_t key = 0;
        union bpf_attr attr = { .map_fd = (uint32_t) map_fd,
                                .key = (uintptr_t) &key,
                                .value = (uintptr_t) ret };

        return map_fd < 0 ? map_fd : bpf_call(BPF_MAP_LOOKUP_ELEM, &attr);
}

int cgroup_count_packets(int cgroup_fd, PacketCount *ret_in, PacketCount *ret_out) {
        int r = read_count(cgroup_fd, true, ret_in);

        return r < 0 ? r : read_count(cgroup_fd, false, ret_out);
}
