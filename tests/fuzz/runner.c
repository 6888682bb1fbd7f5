/* Plays the files of the given folders through a fuzz target, where there is no libFuzzer. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/file.h"
#include "fuzz.h"

#define INPUT_MAX_BYTES ((size_t) 64 * 1024 * 1024)

static int play_file(const char *dir, const char *name) {
        autofree char *path = NULL, *text = NULL;
        uint8_t *exact;
        size_t size;
        int r;

        if (asprintf(&path, "%s/%s", dir, name) < 0)
                return -ENOMEM;
        r = file_read(AT_FDCWD, path, INPUT_MAX_BYTES, &text, &size);
        if (r < 0)
                return r;

        /* Of the exact size, so that a sanitizer sees a read behind the end. */
        exact = malloc(size > 0 ? size : 1);
        if (!exact)
                return -ENOMEM;
        memcpy(exact, text, size);
        r = LLVMFuzzerTestOneInput(exact, size);
        free(exact);
        return r;
}

static int play_folder(const char *dir) {
        struct dirent **entries;
        int n, played = 0, failed = 0;

        n = scandir(dir, &entries, NULL, alphasort);
        if (n < 0)
                return -errno;

        for (int i = 0; i < n; i++) {
                if (entries[i]->d_name[0] != '.') {
                        if (play_file(dir, entries[i]->d_name) == 0)
                                played++;
                        else {
                                fprintf(stderr, "%s/%s failed\n", dir, entries[i]->d_name);
                                failed++;
                        }
                }
                free(entries[i]);
        }
        free(entries);

        printf("%s: %d inputs, %d failed\n", dir, played, failed);
        return failed > 0 ? -EINVAL : played;
}

int main(int argc, char **argv) {
        bool bad = argc < 2;

        /* A folder that is empty or missing would pass for ever without testing anything. */
        for (int i = 1; i < argc; i++)
                bad = play_folder(argv[i]) <= 0 || bad;
        return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
