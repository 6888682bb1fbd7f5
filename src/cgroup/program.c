#include "cgroup/program.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/macro.h"

#define PROGRAMS_MAX 64 /* the kernel attaches no more of one type to a cgroup */

int bpf_call(enum bpf_cmd command, union bpf_attr *attr) {
        long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

        return r < 0 ? -errno : (int) r;
}

void program_emit(Program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
        if (p->n == p->allocated) {
                size_t wanted = p->allocated ? p->allocated * 2 : 64;
                struct bpf_insn *grown = reallocarray(p->insns, wanted, sizeof(*grown));

                if (!grown) {
                        p->error = -ENOMEM;
                        return;
                }
                p->insns = grown;
                p->allocated = wanted;
        }
        p->insns[p->n++] = (struct bpf_insn){
                .code = code, .dst_reg = dst & 0xf, .src_reg = src & 0xf, .off = off, .imm = imm
        };
}

void program_jump_here(Program *p, size_t at) {
        if (at < p->n)
                p->insns[at].off = (int16_t) (p->n - at - 1);
}

static int load(const ProgramPlace *place, const Program *p) {
        union bpf_attr attr = {
                .prog_type = place->type,
                .expected_attach_type = place->hook,
                .insns = (uintptr_t) p->insns,
                .insn_cnt = (uint32_t) p->n,
                .license = (uintptr_t) "GPL",
        };

        (void) snprintf(attr.prog_name, sizeof(attr.prog_name), "%s", place->name);
        return p->error < 0 ? p->error : bpf_call(BPF_PROG_LOAD, &attr);
}

/* More than one may be there, and all have to agree: systemd's, for one, where the cgroup lies in a
 * service's. */
static int attach(const ProgramPlace *place, int program_fd) {
        union bpf_attr attr = {
                .target_fd = (uint32_t) place->cgroup_fd,
                .attach_bpf_fd = (uint32_t) program_fd,
                .attach_type = place->hook,
                .attach_flags = BPF_F_ALLOW_MULTI,
        };

        return bpf_call(BPF_PROG_ATTACH, &attr);
}

/* Is it one of ours? Where not, *ret says nothing. */
static bool is_ours(const ProgramPlace *place, int program_fd, struct bpf_prog_info *ret) {
        union bpf_attr attr = {
                .info = { .bpf_fd = (uint32_t) program_fd, .info_len = sizeof(*ret), .info = (uintptr_t) ret }
        };

        return bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr) >= 0 && streq(ret->name, place->name);
}

static int open_program(uint32_t id) {
        union bpf_attr by_id = { .prog_id = id };

        return bpf_call(BPF_PROG_GET_FD_BY_ID, &by_id);
}

static size_t find_attached(const ProgramPlace *place, uint32_t ids[static PROGRAMS_MAX]) {
        union bpf_attr attr = { .query = { .target_fd = (uint32_t) place->cgroup_fd,
                                           .attach_type = place->hook,
                                           .prog_ids = (uintptr_t) ids,
                                           .prog_cnt = PROGRAMS_MAX } };

        return bpf_call(BPF_PROG_QUERY, &attr) < 0 ? 0 : attr.query.prog_cnt;
}

/* Those that are ours; systemd's stay. */
static int detach_all(const ProgramPlace *place, const uint32_t *ids, size_t n) {
        int bad = 0;

        for (size_t i = 0; i < n; i++) {
                autoclose int fd = open_program(ids[i]);
                struct bpf_prog_info info = {};
                union bpf_attr attr = { .target_fd = (uint32_t) place->cgroup_fd,
                                        .attach_bpf_fd = (uint32_t) fd,
                                        .attach_type = place->hook };
                int r;

                if (fd < 0 || !is_ours(place, fd, &info))
                        continue;
                r = bpf_call(BPF_PROG_DETACH, &attr);
                bad = r < 0 ? r : bad;
        }
        return bad;
}

int program_replace(const ProgramPlace *place, const Program *p) {
        autoclose int fd = -EBADF;
        uint32_t old[PROGRAMS_MAX];
        size_t n_old;
        int r;

        /* The new one before the old ones go. */
        n_old = find_attached(place, old);
        r = fd = load(place, p);
        if (r >= 0)
                r = attach(place, fd);
        if (r >= 0)
                r = detach_all(place, old, n_old);
        return r == -EINVAL || r == -ENOSYS ? -EOPNOTSUPP : r;
}

int program_remove(const ProgramPlace *place) {
        uint32_t old[PROGRAMS_MAX];

        return detach_all(place, old, find_attached(place, old));
}

int program_open_map(const ProgramPlace *place) {
        uint32_t ids[PROGRAMS_MAX];
        size_t n = find_attached(place, ids);

        for (size_t i = 0; i < n; i++) {
                autoclose int fd = open_program(ids[i]);
                uint32_t map = 0;
                struct bpf_prog_info info = { .nr_map_ids = 1, .map_ids = (uintptr_t) &map };

                if (fd >= 0 && is_ours(place, fd, &info) && info.nr_map_ids > 0) {
                        union bpf_attr by_id = { .map_id = map };

                        return bpf_call(BPF_MAP_GET_FD_BY_ID, &by_id);
                }
        }
        return -ENOENT;
}
