/* Unit files that are made together. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "ctl/unit-bundle.h"
#include "spec/unit-spec.h"

void unit_bundle_done(UnitBundle *b) {
        for (size_t i = 0; i < b->n; i++)
                unit_text_free(b->units[i]);
        free(b->units);
        *b = (UnitBundle){};
}

UnitText *unit_bundle_find(const UnitBundle *b, UnitKind kind, const char *stem) {
        for (size_t i = 0; i < b->n; i++)
                if (b->units[i]->kind == kind && streq(b->units[i]->stem, stem))
                        return b->units[i];
        return NULL;
}

int unit_bundle_add(UnitBundle *b, UnitKind kind, const char *stem, Where at, UnitText **ret) {
        autoptr(UnitText) u = NULL;
        UnitText **p;
        int r;

        if (unit_bundle_find(b, kind, stem))
                return -EEXIST;
        r = unit_text_new(kind, stem, at, &u);
        if (r < 0)
                return r;

        p = reallocarray(b->units, b->n + 1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        b->units = p;
        *ret = p[b->n++] = take_ptr(u);
        return 0;
}

static int write_text(UnitText *u, bool with_name, char **ret, size_t *ret_size) {
        char *text = NULL;
        FILE *f;

        f = open_memstream(&text, ret_size);
        if (!f)
                return -ENOMEM;
        unit_text_write(u, with_name, f);
        if (fclose(f) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}

/* The lines of the unit by their numbers in the text that was written last; free(). NULL: out of memory. */
static UnitLine **number_lines(UnitText *u, unsigned *ret_n) {
        UnitLine **lines;
        unsigned n = 0;

        for (size_t i = 0; i < u->n; i++)
                n = MAX_OF(n, u->lines[i].number + 1);
        lines = calloc(n + 1, sizeof(*lines));
        for (size_t i = 0; lines && i < u->n; i++)
                if (u->lines[i].number > 0)
                        lines[u->lines[i].number] = &u->lines[i];
        *ret_n = n;
        return lines;
}

/* What the reader said about the unit's lines, said about what they were made from. Returns how many lines
 * are left out now, -EINVAL for an error that is not about a line of ours, -ENOMEM. */
static int apply(UnitText *u, const Diag *said, Diag *diag) {
        unsigned n_lines = 0;
        autofree UnitLine **lines = number_lines(u, &n_lines);
        int n = 0, r = 0;

        if (!lines)
                return -ENOMEM;
        for (size_t i = 0; i < diag_count(said) && r >= 0; i++) {
                const DiagItem *item = diag_get(said, i);
                UnitLine *l = item->line < n_lines ? lines[item->line] : NULL;

                if (item->severity != SEVERITY_ERROR)
                        continue;
                if (!l)
                        return diag_error(diag, u->at, -EINVAL, "%s: %s", u->name, item->message);
                if (l->refused)
                        continue;
                diag_warning(diag, l->at, "%s: %s", u->name, item->message);
                if (item->hint)
                        diag_hint(diag, "%s", item->hint);
                r = unit_text_note(u, "%s=%s is left out: %s", l->key, l->value, item->message);
                l->refused = true;
                n++;
        }
        return r < 0 ? r : n;
}

/* Returns as apply(); 0 means that the unit is good. */
static int check_once(UnitText *u, Diag *diag) {
        autoptr(RawUnit) raw = calloc(1, sizeof(*raw));
        autoptr(Diag) said = diag_new();
        autoptr(UnitSpec) spec = NULL;
        autofree char *text = NULL;
        size_t size;
        int r;

        if (!raw || !said)
                return -ENOMEM;
        raw->name = strdup(u->name);
        raw->fragment = strdup(u->name);
        if (!raw->name || !raw->fragment)
                return -ENOMEM;

        r = write_text(u, false, &text, &size);
        if (r == 0)
                r = raw_unit_parse(raw, raw->fragment, text, size, said);
        if (r == 0)
                r = unit_spec_load(raw, NULL, said, &spec);
        if (r == 0) {
                (void) take_ptr(raw);
                return 0;
        }
        return r == -ENOMEM ? r : apply(u, said, diag);
}

int unit_bundle_check(UnitBundle *b, Diag *diag) {
        int bad = 0, r;

        /* Each round leaves out a line at least. */
        for (size_t i = 0; i < b->n; i++) {
                do
                        r = check_once(b->units[i], diag);
                while (r > 0);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        bad = r;
        }
        return bad;
}

void unit_bundle_print(UnitBundle *b, FILE *f) {
        for (size_t i = 0; i < b->n; i++) {
                if (i > 0)
                        fputs("---\n", f);
                unit_text_write(b->units[i], true, f);
        }
}

/* A new file beside those that will be; nobody who looks for units takes it for one. */
static int save_temporary(int dir_fd, UnitText *u, char **ret) {
        autofree char *name = NULL, *text = NULL;
        autoclose int fd = -EBADF;
        unsigned long long random = 0;
        size_t size;
        int r;

        r = write_text(u, false, &text, &size);
        if (r < 0)
                return r;
        if (getrandom(&random, sizeof(random), 0) < 0)
                return -errno;
        if (asprintf(&name, ".%s.%016llx", u->name, random) < 0) {
                name = NULL;
                return -ENOMEM;
        }

        fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return -errno;
        for (size_t done = 0; done < size && r == 0;) {
                ssize_t n = write(fd, text + done, size - done);

                if (n < 0 && errno != EINTR)
                        r = -errno;
                else if (n > 0)
                        done += (size_t) n;
        }
        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(dir_fd, name, 0);
                return r;
        }
        *ret = take_ptr(name);
        return 0;
}

/* Never over a file that is there. Some file systems know no RENAME_NOREPLACE; a link does the same. */
static int rename_new(int dir_fd, const char *from, const char *to) {
        if (renameat2(dir_fd, from, dir_fd, to, RENAME_NOREPLACE) == 0)
                return 0;
        if (errno != EINVAL)
                return -errno;
        if (linkat(dir_fd, from, dir_fd, to, 0) < 0)
                return -errno;
        (void) unlinkat(dir_fd, from, 0);
        return 0;
}

/* All files get their content first, and their names last. @temporary: a name for each unit; NULL once
 * renamed. */
static int save_all(UnitBundle *b, int dir_fd, char **temporary, size_t *ret_renamed, size_t *ret_failed) {
        struct stat st;
        int r;

        for (size_t i = 0; i < b->n; i++) {
                *ret_failed = i;
                if (fstatat(dir_fd, b->units[i]->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                        return -EEXIST;
        }
        for (size_t i = 0; i < b->n; i++) {
                *ret_failed = i;
                r = save_temporary(dir_fd, b->units[i], &temporary[i]);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < b->n; i++) {
                *ret_failed = i;
                r = rename_new(dir_fd, temporary[i], b->units[i]->name);
                if (r < 0)
                        return r;
                free(take_ptr(temporary[i]));
                *ret_renamed = i + 1;
        }
        return 0;
}

int unit_bundle_save(UnitBundle *b, const char *directory, char **ret_name) {
        autofree char **temporary = calloc(b->n + 1, sizeof(*temporary));
        size_t renamed = 0, failed = 0;
        autoclose int dir_fd = -EBADF;
        bool made;
        int r;

        *ret_name = NULL;
        if (!temporary)
                return -ENOMEM;
        made = mkdir(directory, 0755) == 0;
        if (!made && errno != EEXIST)
                return -errno;
        dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        r = dir_fd < 0 ? -errno : save_all(b, dir_fd, temporary, &renamed, &failed);
        if (r == 0) {
                (void) fsync(dir_fd);
                return 0;
        }

        for (size_t i = 0; i < b->n; i++) {
                if (temporary[i])
                        (void) unlinkat(dir_fd, temporary[i], 0);
                free(temporary[i]);
        }
        for (size_t i = 0; i < renamed; i++)
                (void) unlinkat(dir_fd, b->units[i]->name, 0);
        if (dir_fd >= 0 && b->n > 0)
                *ret_name = strdup(b->units[failed]->name);
        if (made)
                (void) rmdir(directory);
        return r;
}
