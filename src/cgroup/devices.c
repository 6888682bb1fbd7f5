/* The program, instruction by instruction, and bpf(2) without a library. */
#include "cgroup/devices.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/macro.h"

#define PROGRAM_NAME       "nsu_devices"
#define PROGRAMS_MAX       64 /* the kernel attaches no more of one type to a cgroup */
#define RULES_MAX          256
#define INSNS_PER_RULE     6
#define INSNS_AROUND_RULES 7

typedef struct Program {
        struct bpf_insn *insns;
        size_t n;
} Program;

static void emit(Program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
        p->insns[p->n++] = (struct bpf_insn){
                .code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = off, .imm = imm
        };
}

static void emit_load(Program *p, uint8_t dst, size_t offset) {
        emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, (int16_t) offset, 0);
}

static uint32_t refused_access(const DeviceRule *rule) {
        return (rule->read ? 0 : BPF_DEVCG_ACC_READ) | (rule->write ? 0 : BPF_DEVCG_ACC_WRITE) |
               (rule->make ? 0 : BPF_DEVCG_ACC_MKNOD);
}

/* Type in register 2, access in 3, major and minor number in 4 and 5; 0 in the register of the answer. */
static void emit_rule(Program *p, const DeviceRule *rule, bool others) {
        const struct {
                uint8_t reg;
                bool wanted;
                uint32_t value;
        } match[] = {
                { BPF_REG_2, true, rule->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR },
                { BPF_REG_4, !rule->any_major, major(rule->number) },
                { BPF_REG_5, !rule->any_minor, minor(rule->number) },
        };
        const int32_t refused = (int32_t) refused_access(rule);
        int16_t rest = 3;

        for (size_t i = 0; i < ELEMENTSOF(match); i++)
                rest = (int16_t) (rest + match[i].wanted);
        for (size_t i = 0; i < ELEMENTSOF(match); i++)
                if (match[i].wanted)
                        emit(p, BPF_JMP32 | BPF_JNE | BPF_K, match[i].reg, 0, --rest,
                             (int32_t) match[i].value);

        if (others) {
                emit(p, BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_3, 0, 1, refused);
                emit(p, BPF_JMP | BPF_JA, 0, 0, 1, 0);
        } else {
                emit(p, BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_3, 0, 2, refused);
                emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
        }
        emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void assemble(Program *p, const DeviceRule *rules, size_t n, bool others) {
        emit_load(p, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
        emit(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
        emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
        emit(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
        emit_load(p, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
        emit_load(p, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
        emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
        for (size_t i = 0; i < n; i++)
                emit_rule(p, &rules[i], others);
        emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, others);
        emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static int bpf(enum bpf_cmd command, union bpf_attr *attr) {
        long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

        return r < 0 ? -errno : (int) r;
}

static int load(const Program *p) {
        union bpf_attr attr = {
                .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
                .insns = (uintptr_t) p->insns,
                .insn_cnt = (uint32_t) p->n,
                .license = (uintptr_t) "GPL",
                .prog_name = PROGRAM_NAME,
        };

        return bpf(BPF_PROG_LOAD, &attr);
}

/* More than one may be there, and all have to agree: systemd's, for one, where the cgroup lies in a
 * service's. */
static int attach(int cgroup_fd, int program_fd) {
        union bpf_attr attr = {
                .target_fd = (uint32_t) cgroup_fd,
                .attach_bpf_fd = (uint32_t) program_fd,
                .attach_type = BPF_CGROUP_DEVICE,
                .attach_flags = BPF_F_ALLOW_MULTI,
        };

        return bpf(BPF_PROG_ATTACH, &attr);
}

/* Is it one of ours? */
static bool is_named(int program_fd) {
        struct bpf_prog_info info = {};
        union bpf_attr attr = { .info = { .bpf_fd = (uint32_t) program_fd,
                                          .info_len = sizeof(info),
                                          .info = (uintptr_t) &info } };

        return bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) >= 0 && streq(info.name, PROGRAM_NAME);
}

/* Those that are ours; systemd's stay. */
static int detach_all(int cgroup_fd, const uint32_t *ids, size_t n) {
        int bad = 0;

        for (size_t i = 0; i < n; i++) {
                union bpf_attr by_id = { .prog_id = ids[i] };
                autoclose int fd = bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
                union bpf_attr attr = { .target_fd = (uint32_t) cgroup_fd,
                                        .attach_bpf_fd = (uint32_t) fd,
                                        .attach_type = BPF_CGROUP_DEVICE };
                int r;

                if (fd < 0 || !is_named(fd))
                        continue;
                r = bpf(BPF_PROG_DETACH, &attr);
                bad = r < 0 ? r : bad;
        }
        return bad;
}

static size_t find_attached(int cgroup_fd, uint32_t ids[static PROGRAMS_MAX]) {
        union bpf_attr attr = { .query = { .target_fd = (uint32_t) cgroup_fd,
                                           .attach_type = BPF_CGROUP_DEVICE,
                                           .prog_ids = (uintptr_t) ids,
                                           .prog_cnt = PROGRAMS_MAX } };

        return bpf(BPF_PROG_QUERY, &attr) < 0 ? 0 : attr.query.prog_cnt;
}

int cgroup_restrict_devices(int cgroup_fd, const DeviceRule *rules, size_t n, bool others, Fault *fault) {
        autofree struct bpf_insn *insns = calloc(n * INSNS_PER_RULE + INSNS_AROUND_RULES + 2, sizeof(*insns));
        Program program = { .insns = insns };
        autoclose int fd = -EBADF;
        uint32_t old[PROGRAMS_MAX];
        size_t n_old;
        int r;

        if (!insns)
                return -ENOMEM;
        if (n > RULES_MAX)
                return fault_set(fault, "device access", -E2BIG, "%zu devices", n);

        /* The new one before the old ones go: no moment without. */
        n_old = find_attached(cgroup_fd, old);
        assemble(&program, rules, n, others);
        r = fd = load(&program);
        if (r >= 0)
                r = attach(cgroup_fd, fd);
        if (r >= 0)
                r = detach_all(cgroup_fd, old, n_old);
        if (r >= 0)
                return 0;
        if (r == -EINVAL || r == -ENOSYS)
                r = -EOPNOTSUPP;
        (void) fault_set(fault, "device access", r, "program of the cgroup");
        if (others)
                fault_advise(fault, "give AddDevice= the access rwm, which needs no program");
        return r;
}

int cgroup_release_devices(int cgroup_fd) {
        uint32_t old[PROGRAMS_MAX];

        return detach_all(cgroup_fd, old, find_attached(cgroup_fd, old));
}
