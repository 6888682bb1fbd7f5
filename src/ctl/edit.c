/* Which file an edit is about, and what becomes of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/bus-names.h"
#include "basic/file.h"
#include "basic/strv.h"
#include "ctl/edit.h"

#define UNIT_FILE_MAX (16u * 1024 * 1024)

#define MARK "### What is below this line is not kept.\n"

void edit_target_clear(EditTarget *t) {
        free(t->path);
        free(t->check);
        free(t->text);
        free(t->context);
}

bool edit_is_own(const char *directory) {
        return !startswith(directory, "/usr/");
}

static int read_text(const char *path, char **ret) {
        int r = file_read(AT_FDCWD, path, UNIT_FILE_MAX, ret, NULL);

        if (r != -ENOENT)
                return r;
        *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

/* Each line with "# " before it. */
static void print_comment(FILE *f, const char *text) {
        while (*text) {
                size_t n = strcspn(text, "\n");

                fprintf(f, "#%s%.*s\n", n > 0 ? " " : "", (int) n, text);
                text += n + (text[n] == '\n');
        }
}

static void print_file(FILE *f, const char *path, const char *text) {
        fprintf(f, "#\n### %s\n", path);
        print_comment(f, text);
}

/* The unit file, unless @fragment is NULL, and its drop-ins, the edited one left out. */
static int make_context(const char *fragment, const char *fragment_text, char *const *drop_ins,
                        const char *edited, char **ret) {
        size_t size;
        FILE *f = open_memstream(ret, &size);
        int r = f ? 0 : -ENOMEM;

        if (f && fragment)
                print_file(f, fragment, fragment_text);
        STRV_FOREACH (file, drop_ins) {
                autofree char *text = NULL;

                if (f && !streq(*file, edited) && read_text(*file, &text) == 0)
                        print_file(f, *file, text);
        }
        if (f && fclose(f) != 0)
                r = -ENOMEM;
        return r;
}

/* "override" and "override.conf" to "NAME.d/override.conf". */
static int drop_in_file(const char *name, const char *drop_in, char **ret) {
        const char *word = drop_in ? drop_in : "override";

        if (!word[0] || word[0] == '.' || strchr(word, '/'))
                return -EINVAL;
        return asprintf(ret, "%s.d/%s%s", name, word, endswith(word, ".conf") ? "" : ".conf") < 0 ? -ENOMEM
                                                                                                  : 0;
}

/* Of the unit's own file: where it is, or where one that hides it goes. */
static int full_path(const char *fragment, char *const *dirs, const char *name, char **ret) {
        autofree char *template = NULL;
        const char *base;
        int r;

        if (!fragment || !edit_is_own(fragment))
                return asprintf(ret, "%s/%s", dirs[0], name) < 0 ? -ENOMEM : 0;

        r = unit_name_template(name, &template);
        if (r < 0)
                return r;
        base = strrchr(fragment, '/') + 1;
        if (!streq(base, name) && !streq_null(base, template))
                return -EXDEV;
        *ret = strdup(fragment);
        return *ret ? 0 : -ENOMEM;
}

int edit_target_find(const UnitPath *path, char *const *dirs, const char *name, bool full,
                     const char *drop_in, EditTarget *ret) {
        autofree char *fragment = NULL, *fragment_text = NULL, *file = NULL, *real = NULL;
        autostrv char **drop_ins = NULL;
        autotarget EditTarget t = {};
        size_t size;
        int r;

        /* An alias has no text of its own. */
        if (unit_path_real_name(path, name, NULL, &real) == 0)
                name = real;
        r = unit_path_find(path, name, &fragment);
        if (r < 0 && !(r == -ENOENT && full))
                return r;
        if (fragment)
                r = unit_path_read_fragment(path, name, &fragment_text, &size);
        if (r < 0 && r != -ENOENT)
                return r;
        r = full ? full_path(fragment, dirs, name, &t.path) : drop_in_file(name, drop_in, &file);
        if (r == 0 && file && asprintf(&t.path, "%s/%s", dirs[0], file) < 0)
                r = -ENOMEM;
        if (r == 0)
                t.check = strdup(file ? file : strrchr(t.path, '/') + 1);
        if (r == 0 && full && fragment_text)
                t.text = strdup(fragment_text);
        else if (r == 0)
                r = read_text(t.path, &t.text);
        if (r == 0 && (!t.check || !t.text))
                r = -ENOMEM;

        if (r == 0)
                r = unit_path_find_drop_ins(path, name, &drop_ins);
        if (r == 0)
                r = make_context(full ? NULL : fragment, fragment_text, drop_ins, t.path, &t.context);
        if (r < 0)
                return r;

        *ret = t;
        t = (EditTarget){};
        return 0;
}

char *edit_draft(const EditTarget *t) {
        size_t n = strlen(t->text);
        char *draft;

        /* The text comes first, so that the lines of messages are those of the editor. */
        return asprintf(&draft, "%s%s\n" MARK "### Above is %s.\n%s", n > 0 ? t->text : "\n",
                        n > 0 && t->text[n - 1] != '\n' ? "\n" : "", t->path, t->context) < 0
                       ? NULL
                       : draft;
}

char *edit_result(const char *draft) {
        const char *end = startswith(draft, MARK) ? draft : strstr(draft, "\n" MARK);
        size_t n = end ? (size_t) (end - draft) : strlen(draft);
        char *result;

        while (n > 0 && strchr(" \t\r\n", draft[n - 1]))
                n--;
        return asprintf(&result, "%.*s%s", (int) n, draft, n > 0 ? "\n" : "") < 0 ? NULL : result;
}

/* "DIRECTORY/NAME" and what follows; NULL when out of memory. */
static char *join(const char *directory, const char *name, const char *suffix) {
        char *path;

        return asprintf(&path, "%s/%s%s", directory, name, suffix) < 0 ? NULL : path;
}

/* An empty file, or a link to /dev/null. */
static bool is_mask(const char *path) {
        struct stat st;

        return stat(path, &st) == 0 && (S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0));
}

int edit_mask(char *const *dirs, const char *name, char **ret) {
        autofree char *path = join(dirs[0], name, "");
        int r;

        r = path ? dir_make(AT_FDCWD, dirs[0], 0755) : -ENOMEM;
        if (r == 0 && symlink("/dev/null", path) < 0)
                r = errno == EEXIST && is_mask(path) ? -EALREADY : -errno;
        if (r == 0 || r == -EEXIST)
                *ret = take_ptr(path);
        return r;
}

static int remove_file(const char *path, char ***removed) {
        if (unlink(path) < 0)
                return errno == ENOENT ? 0 : -errno;
        return strv_add(removed, path);
}

int edit_unmask(char *const *dirs, const char *name, char ***ret) {
        int r = 0;

        STRV_FOREACH (dir, dirs) {
                autofree char *path = join(*dir, name, "");

                if (!path)
                        return -ENOMEM;
                if (r == 0 && edit_is_own(*dir) && is_mask(path))
                        r = remove_file(path, ret);
        }
        return r;
}

static int remove_drop_ins(const char *directory, char ***removed) {
        DIR *d = opendir(directory);
        struct dirent *e;
        int r = 0;

        if (!d)
                return errno == ENOENT ? 0 : -errno;

        while (r == 0 && (e = readdir(d))) {
                autofree char *path = join(directory, e->d_name, "");

                if (!path)
                        r = -ENOMEM;
                else if (endswith(path, ".conf") && !streq(e->d_name, UNIT_DISABLE_DROP_IN))
                        r = remove_file(path, removed);
        }
        closedir(d);
        (void) rmdir(directory); /* fails when something else is there */
        return r;
}

int edit_revert(char *const *dirs, const char *name, char ***ret) {
        bool below = false; /* is there a unit file further down? */
        int r = 0;

        for (size_t i = strv_length(dirs); r == 0 && i-- > 0;) {
                autofree char *file = join(dirs[i], name, ""), *drop_ins = join(dirs[i], name, ".d");

                if (!file || !drop_ins)
                        return -ENOMEM;
                if (edit_is_own(dirs[i])) {
                        r = remove_drop_ins(drop_ins, ret);
                        if (r == 0 && (is_mask(file) || below))
                                r = remove_file(file, ret);
                }
                below |= file_exists(AT_FDCWD, file);
        }
        return r;
}
