#include "storage/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "basic/cleanup.h"

/* Others look for a free device at the same time, and whoever comes second looks again. */
#define TRIES 64

static int configure(int loop_fd, int file_fd, bool read_only) {
        const struct loop_config c = {
                .fd = (unsigned) file_fd,
                .info.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0),
        };

        return ioctl(loop_fd, LOOP_CONFIGURE, &c) < 0 ? -errno : 0;
}

int loop_attach(int file_fd, bool read_only, char ret_path[32]) {
        autoclose int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

        if (control < 0)
                return errno == ENOENT || errno == ENXIO ? -ENODEV : -errno;

        for (unsigned i = 0; i < TRIES; i++) {
                autoclose int fd = -EBADF;
                int number = ioctl(control, LOOP_CTL_GET_FREE), r;

                if (number < 0)
                        return -errno;
                (void) snprintf(ret_path, 32, "/dev/loop%d", number);
                fd = open(ret_path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
                r = configure(fd, file_fd, read_only);
                if (r == 0)
                        return take_fd(fd);
                if (r != -EBUSY)
                        return r;
        }
        return -EBUSY;
}
