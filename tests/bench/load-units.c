/*
 * Loads every unit of a directory, or only reads its files: what `load-units` beside this measures.
 *
 *      bench-load-units load DIRECTORY ROUNDS   search path, text, drop-ins, key tables, checks
 *      bench-load-units read DIRECTORY ROUNDS   the floor: open, stat, read and close the same files
 *
 * Prints how many units (or files) there were and the least processor time of all rounds, in microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/clock.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "config/host-specifiers.h"
#include "config/unit-path.h"
#include "spec/unit-spec.h"

static HostSpecifiers *host;
static size_t n_files;

static int load_unit(const UnitPath *path, const char *name) {
        autoptr(Diag) diag = diag_new();
        autoptr(RawUnit) raw = NULL;
        autoptr(UnitSpec) spec = NULL;
        int r;

        r = diag ? unit_path_load(path, name, diag, &raw) : -ENOMEM;
        if (r == 0)
                r = unit_spec_load(raw, host_specifiers_context(host), diag, &spec);
        if (r == 0)
                (void) take_ptr(raw);
        return r;
}

/* Callgrind collects what happens in here: the name is part of the script. */
__attribute__((noinline)) size_t measured_load(const char *directory);

size_t measured_load(const char *directory) {
        char *dirs[] = { (char *) directory, NULL };
        autoptr(UnitPath) path = NULL;
        autostrv char **names = NULL;
        size_t n = 0;
        int r;

        r = unit_path_new(dirs, &path);
        if (r == 0)
                r = unit_path_list(path, &names);
        for (; r == 0 && names && names[n]; n++)
                r = load_unit(path, names[n]);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", names ? names[n - 1] : directory, strerror(-r));
                exit(EXIT_FAILURE);
        }
        return n;
}

static int read_one(const char *path, const struct stat *st, int type, struct FTW *where) {
        static char text[1 << 20];
        struct stat own;
        int fd;

        if (type != FTW_F)
                return 0;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &own) < 0)
                return -1;
        while (read(fd, text, sizeof(text)) > 0)
                ;
        close(fd);
        n_files++;
        return 0;
}

static size_t measured_read(const char *directory) {
        n_files = 0;
        if (nftw(directory, read_one, 64, FTW_PHYS) != 0)
                exit(EXIT_FAILURE);
        return n_files;
}

int main(int argc, char **argv) {
        usec_t least = USEC_INFINITY;
        bool loads;
        size_t n = 0;

        if (argc != 4) {
                fprintf(stderr, "usage: bench-load-units load|read DIRECTORY ROUNDS\n");
                return EXIT_FAILURE;
        }
        loads = streq(argv[1], "load");
        host = host_specifiers_new();

        for (int i = atoi(argv[3]); i > 0; i--) {
                usec_t begin = clock_now(CLOCK_PROCESS_CPUTIME_ID);

                n = loads ? measured_load(argv[2]) : measured_read(argv[2]);
                least = MIN_OF(least, clock_now(CLOCK_PROCESS_CPUTIME_ID) - begin);
        }

        host_specifiers_free(host);
        printf("%zu %" PRIu64 "\n", n, least);
        return EXIT_SUCCESS;
}
