/* Options become attributes of the mount or go to the file system; a source becomes a device. */
#include "storage/fs-mount.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "storage/loop.h"
#include "storage/mount-fd.h"
#include "storage/superblock.h"

#define HELPER_PREFIX "/sbin/mount."

/* Words of mount(8) about the mount, not about the file system. */
static const struct {
        const char *word;
        unsigned attr; /* 0: means nothing here, or is what happens anyway */
        bool clear;
} attributes[] = {
        { "ro", MOUNT_ATTR_RDONLY, false },
        { "rw", MOUNT_ATTR_RDONLY, true },
        { "nosuid", MOUNT_ATTR_NOSUID, false },
        { "suid", MOUNT_ATTR_NOSUID, true },
        { "nodev", MOUNT_ATTR_NODEV, false },
        { "dev", MOUNT_ATTR_NODEV, true },
        { "noexec", MOUNT_ATTR_NOEXEC, false },
        { "exec", MOUNT_ATTR_NOEXEC, true },
        { "noatime", MOUNT_ATTR_NOATIME, false },
        { "strictatime", MOUNT_ATTR_STRICTATIME, false },
        { "nodiratime", MOUNT_ATTR_NODIRATIME, false },
        { "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, false },
        { "defaults", 0, false },
        { "relatime", 0, false },
        { "loop", 0, false },
        { "bind", 0, false },
        { "rbind", 0, false },
        { "auto", 0, false },
        { "noauto", 0, false },
        { "nofail", 0, false },
        { "_netdev", 0, false },
};

/* They find servers, ask for passwords, or are programs themselves. */
static const char *const with_helper[] = {
        "nfs", "nfs4", "cifs", "smb3", "fuse", "glusterfs", "davfs", NULL
};

typedef struct Source {
        int fd;           /* of the file, the device or the directory; -EBADF when it is just a word */
        int loop_fd;      /* held until it is mounted */
        const char *name; /* what the file system is told */
        char loop[32], file[32];
        bool is_file, is_directory;
} Source;

static void source_close(Source *s) {
        cleanup_close_(&s->fd);
        cleanup_close_(&s->loop_fd);
}

#define autosource __attribute__((cleanup(source_close)))

static bool option_is(const char *options, const char *word) {
        const size_t n = strlen(word);

        for (const char *p = options; p && *p; p += strcspn(p, ","), p += *p == ',')
                if (strncmp(p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
                        return true;
        return false;
}

static bool is_bind(const FsMount *q) {
        return (q->type && (streq(q->type, "bind") || streq(q->type, "rbind"))) ||
               option_is(q->options, "bind") || option_is(q->options, "rbind");
}

static int open_source(const FsMount *q, bool read_only, Source *s, Fault *fault) {
        struct stat st;

        s->name = q->source;
        if (q->source[0] != '/')
                return 0;
        s->fd = open(q->source, O_PATH | O_CLOEXEC);
        if (s->fd < 0 || fstat(s->fd, &st) < 0)
                return fault_set(fault, "mount", -errno, "%s", q->source);
        s->is_directory = S_ISDIR(st.st_mode);
        if (s->is_directory || is_bind(q))
                return 0;
        if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
                (void) fault_set(fault, "mount", -ENOTBLK, "%s", q->source);
                fault_advise(fault, "it is no device, file or directory");
                return -ENOTBLK;
        }

        s->is_file = S_ISREG(st.st_mode);
        /* What was looked at, whatever the name means by now. */
        replace_fd(&s->fd, fd_reopen(s->fd, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY));
        return s->fd < 0 ? fault_set(fault, "mount", s->fd, "%s", q->source) : 0;
}

static int find_type(const FsMount *q, const Source *s, const char **ret, Fault *fault) {
        int r;

        if (q->type) {
                *ret = q->type;
                return 0;
        }
        r = s->fd < 0 ? -ENODATA : superblock_type(s->fd, ret);
        if (r == 0)
                return 0;
        (void) fault_set(fault, "mount", r, "%s", q->source);
        if (r == -ENODATA)
                fault_advise(fault, "no file system is found in it");
        if (r == -EMEDIUMTYPE)
                fault_advise(fault, "it has a partition table: a partition is needed, or a file of one");
        return r;
}

/* What the file system has to say about a failure, "e ext4: ...", is queued in its descriptor. */
static int context_fault(int fs_fd, int r, const char *type, const char *source, Fault *fault) {
        char text[160];
        ssize_t n = read(fs_fd, text, sizeof(text) - 1);

        text[MAX_OF(n, 0)] = '\0';
        text[strcspn(text, "\n")] = '\0';
        return fault_set(fault, "mount", r, "%s of %s%s%s", type, source, n > 2 ? ": " : "",
                         n > 2 ? text + 2 : "");
}

static bool take_attribute(const char *word, unsigned *attr) {
        if (startswith(word, "x-"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(attributes); i++) {
                if (!streq(attributes[i].word, word))
                        continue;
                *attr = attributes[i].clear ? *attr & ~attributes[i].attr : *attr | attributes[i].attr;
                return true;
        }
        return false;
}

static int set_option(int fs_fd, const char *name, const char *value) {
        if (value)
                return fsconfig(fs_fd, FSCONFIG_SET_STRING, name, value, 0) < 0 ? -errno : 0;
        return fsconfig(fs_fd, FSCONFIG_SET_FLAG, name, NULL, 0) < 0 ? -errno : 0;
}

/* @fs_fd -EBADF: of a bind mount, which has no options of a file system. */
static int apply_options(const FsMount *q, const char *type, int fs_fd, unsigned *attr, Fault *fault) {
        autofree char *copy = strdup(strempty(q->options));
        char *rest = copy, *word;

        if (!copy)
                return -ENOMEM;
        while (rest && (word = strsep(&rest, ","))) {
                char *value;
                int r;

                if (!*word || take_attribute(word, attr))
                        continue;
                value = strchr(word, '=');
                if (value)
                        *value++ = '\0';
                r = fs_fd < 0 ? -EINVAL : set_option(fs_fd, word, value);
                if (r < 0)
                        return fs_fd < 0 ? fault_set(fault, "mount", r, "option %s of a directory", word)
                                         : context_fault(fs_fd, r, type, word, fault);
        }
        if (q->read_only)
                *attr |= MOUNT_ATTR_RDONLY;
        return 0;
}

static int bind_directory(const FsMount *q, const Source *s, Fault *fault) {
        autoclose int fd = -EBADF;
        unsigned attr = 0;
        int r;

        r = apply_options(q, "bind", -EBADF, &attr, fault);
        if (r < 0)
                return r;

        const MountAttr a = {
                .userns_fd = -1,
                .recursive = (q->type && streq(q->type, "rbind")) || option_is(q->options, "rbind"),
                .read_only = attr & MOUNT_ATTR_RDONLY,
                .no_exec = attr & MOUNT_ATTR_NOEXEC,
                .no_suid = attr & MOUNT_ATTR_NOSUID,
                .no_dev = attr & MOUNT_ATTR_NODEV,
        };

        if (s->fd < 0)
                return fault_set(fault, "mount", -ENOENT, "%s", q->source);
        fd = mount_fd_clone(s->fd, "", &a);
        return fd < 0 ? fault_set(fault, "mount", fd, "%s", q->source) : take_fd(fd);
}

static int create(const FsMount *q, const char *type, const char *name, Fault *fault) {
        autoclose int fs_fd = fsopen(type, FSOPEN_CLOEXEC);
        unsigned attr = 0;
        int r, fd;

        if (fs_fd < 0) {
                r = fault_set(fault, "mount", -errno, "%s of %s", type, q->source);
                if (r == -ENODEV)
                        fault_advise(fault, "this kernel has no such file system");
                return r;
        }
        if (fsconfig(fs_fd, FSCONFIG_SET_STRING, "source", name, 0) < 0)
                return context_fault(fs_fd, -errno, type, q->source, fault);
        r = apply_options(q, type, fs_fd, &attr, fault);
        if (r < 0)
                return r;
        /* A device that cannot be written to is not mounted otherwise. */
        if (attr & MOUNT_ATTR_RDONLY && fsconfig(fs_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0) < 0)
                return context_fault(fs_fd, -errno, type, q->source, fault);
        if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return context_fault(fs_fd, -errno, type, q->source, fault);
        fd = fsmount(fs_fd, FSMOUNT_CLOEXEC, attr);
        return fd < 0 ? context_fault(fs_fd, -errno, type, q->source, fault) : fd;
}

static int attach_loop(const FsMount *q, bool read_only, Source *s, Fault *fault) {
        s->loop_fd = loop_attach(s->fd, read_only, s->loop);
        if (s->loop_fd < 0) {
                (void) fault_set(fault, "loop device", s->loop_fd, "%s", q->source);
                if (s->loop_fd == -ENODEV)
                        fault_advise(fault, "modprobe loop");
                return s->loop_fd;
        }
        s->name = s->loop;
        return 0;
}

/* Since Linux 6.12 EROFS reads a file by itself. -ENOTBLK: this kernel does not. */
static int mount_file(const FsMount *q, const char *type, Source *s) {
        static bool refused; /* found out once */
        Fault unheard = {};
        int fd;

        if (refused || !streq(type, "erofs"))
                return -ENOTBLK;
        fd = create(q, type, fd_path(s->fd, s->file), &unheard);
        refused = fd == -ENOTBLK;
        return fd;
}

char *fs_mount_helper(const char *type) {
        char *path;

        /* "fuse.sshfs" is a fuse. */
        for (size_t i = 0; with_helper[i]; i++) {
                const char *rest = type ? startswith(type, with_helper[i]) : NULL;

                if (rest && (*rest == '\0' || *rest == '.'))
                        return asprintf(&path, HELPER_PREFIX "%s", type) < 0 ? NULL : path;
        }
        return NULL;
}

int fs_mount(const FsMount *q, Fault *fault) {
        autosource Source s = { .fd = -EBADF, .loop_fd = -EBADF };
        const char *type;
        bool read_only = q->read_only || option_is(q->options, "ro");
        int r;

        r = open_source(q, read_only, &s, fault);
        if (r < 0)
                return r;
        if (is_bind(q) || (s.is_directory && !q->type))
                return bind_directory(q, &s, fault);
        r = find_type(q, &s, &type, fault);
        if (r < 0)
                return r;
        if (s.is_file) {
                r = mount_file(q, type, &s);
                if (r >= 0)
                        return r;
                r = attach_loop(q, read_only, &s, fault);
                if (r < 0)
                        return r;
        }
        return create(q, type, s.name, fault);
}

static int helper_start(char **argv, int said_fd, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        int r;

        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_adddup2(&actions, said_fd, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, said_fd, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn(ret, argv[0], &actions, NULL, argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        return -r;
}

/* What the helper says is what the author of the unit has to read. Into a file: a pipe would be held open by
 * the file system's process that many of them leave behind. */
static int helper_spawn(char **argv, char *said, size_t size) {
        autoclose int fd = memfd_create("nsunits-mount", MFD_CLOEXEC);
        int r, status = 0;
        ssize_t n;
        pid_t pid;

        said[0] = '\0';
        if (fd < 0)
                return -errno;
        r = helper_start(argv, fd, &pid);
        if (r < 0)
                return r;
        if (waitpid(pid, &status, 0) < 0)
                return -errno;
        n = pread(fd, said, size - 1, 0);
        said[MAX_OF(n, 0)] = '\0';
        said[strcspn(said, "\n")] = '\0';
        return status != 0 ? -EIO : 0;
}

static int run_helper(const FsMount *q, const char *helper, const char *path, Fault *fault) {
        const char *options = q->options ? q->options : "defaults";
        char *argv[] = { (char *) helper, (char *) q->source, (char *) path,
                         (char *) "-o",   (char *) options,   NULL };
        char said[160];
        int r;

        if (access(helper, X_OK) < 0) {
                r = fault_set(fault, "mount", -errno, "%s", helper);
                fault_advise(fault, "Type=%s needs this program", q->type);
                return r;
        }
        r = helper_spawn(argv, said, sizeof(said));
        if (r == -EIO && *said)
                return fault_tell(fault, "mount", r, "%s of %s: %s", q->type, q->source, said);
        return r < 0 ? fault_set(fault, "mount", r, "%s of %s", q->type, q->source) : 0;
}

int fs_mount_at(const FsMount *q, const char *path, Fault *fault) {
        autofree char *helper = fs_mount_helper(q->type);
        autoclose int fd = -EBADF;
        int r;

        if (helper)
                return run_helper(q, helper, path, fault);
        fd = fs_mount(q, fault);
        if (fd < 0)
                return fd;
        r = mount_fd_attach(fd, path);
        return r < 0 ? fault_set(fault, "mount", r, "%s", path) : 0;
}
