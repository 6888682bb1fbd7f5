#include "cgroup/devices.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "basic/macro.h"
#include "cgroup/program.h"

#define RULES_MAX 256

static ProgramPlace place_in(int cgroup_fd) {
        return (ProgramPlace){ cgroup_fd, BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE, "nsu_devices" };
}

static void emit_load(Program *p, uint8_t dst, size_t offset) {
        program_emit(p, BPF_LDX | BPF_MEM | BPF_W, dst, BPF_REG_1, (int16_t) offset, 0);
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
                        program_emit(p, BPF_JMP32 | BPF_JNE | BPF_K, match[i].reg, 0, --rest,
                                     (int32_t) match[i].value);

        if (others) {
                program_emit(p, BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_3, 0, 1, refused);
                program_emit(p, BPF_JMP | BPF_JA, 0, 0, 1, 0);
        } else {
                program_emit(p, BPF_JMP32 | BPF_JSET | BPF_K, BPF_REG_3, 0, 2, refused);
                program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1);
        }
        program_emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void assemble(Program *p, const DeviceRule *rules, size_t n, bool others) {
        emit_load(p, BPF_REG_2, offsetof(struct bpf_cgroup_dev_ctx, access_type));
        program_emit(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
        program_emit(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
        program_emit(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
        emit_load(p, BPF_REG_4, offsetof(struct bpf_cgroup_dev_ctx, major));
        emit_load(p, BPF_REG_5, offsetof(struct bpf_cgroup_dev_ctx, minor));
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
        for (size_t i = 0; i < n; i++)
                emit_rule(p, &rules[i], others);
        program_emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, others);
        program_emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

int cgroup_restrict_devices(int cgroup_fd, const DeviceRule *rules, size_t n, bool others, Fault *fault) {
        const ProgramPlace place = place_in(cgroup_fd);
        autoprogram Program program = {};
        int r;

        if (n > RULES_MAX)
                return fault_set(fault, "device access", -E2BIG, "%zu devices", n);

        assemble(&program, rules, n, others);
        r = program_replace(&place, &program);
        if (r >= 0)
                return 0;
        (void) fault_set(fault, "device access", r, "program of the cgroup");
        if (others)
                fault_advise(fault, "give AddDevice= the access rwm, which needs no program");
        return r;
}

int cgroup_release_devices(int cgroup_fd) {
        const ProgramPlace place = place_in(cgroup_fd);

        return program_remove(&place);
}
