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

/* Type in register 2, access in 3, major and minor number in 4 and 5. */
static void emit_rule(Program *p, const DeviceRule *rule) {
        const int32_t type = rule->block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

        emit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_2, 0, 5, type);
        emit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_4, 0, 4, (int32_t) major(rule->number));
        emit(p, BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_5, 0, 3, (int32_t) minor(rule->number));
        emit(p, BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_3, 0, 1, (int32_t) refused_access(rule));
        emit(p, BPF_JMP | BPF_JA, 0, 0, 1, 0);
        emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0); /* with the 0 that means "no" */
}

static void assemble(Program *p, const DeviceRule *rules, size_t n) {
        emit_load(p, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
        emit(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
        emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
        emit(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
        emit_load(p, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
        emit_load(p, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
        emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
        for (size_t i = 0; i < n; i++)
                emit_rule(p, &rules[i]);
        emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
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
                .prog_name = "nsu_devices",
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

int cgroup_restrict_devices(int cgroup_fd, const DeviceRule *rules, size_t n, Fault *fault) {
        autofree struct bpf_insn *insns = calloc(n * INSNS_PER_RULE + INSNS_AROUND_RULES + 2, sizeof(*insns));
        Program program = { .insns = insns };
        autoclose int fd = -EBADF;
        int r;

        if (!insns)
                return -ENOMEM;
        if (n > RULES_MAX)
                return fault_set(fault, "device access", -E2BIG, "%zu devices", n);

        assemble(&program, rules, n);
        r = fd = load(&program);
        if (r >= 0)
                r = attach(cgroup_fd, fd);
        if (r >= 0)
                return 0;
        if (r == -EINVAL || r == -ENOSYS)
                r = -EOPNOTSUPP;
        (void) fault_set(fault, "device access", r, "program of the cgroup");
        fault_advise(fault, "give AddDevice= the access rwm, which needs no program");
        return r;
}
