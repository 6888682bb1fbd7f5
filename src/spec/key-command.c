/* Key type of hooks: command lines with marks (systemd.service(5), "Command lines"). */
#include <stdio.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

/* At most one way to have other privileges than the unit's. */
#define PRIVILEGES (COMMAND_FULL_PRIVILEGES | COMMAND_OWN_USER_CHANGE | COMMAND_AMBIENT)

/* The flags that @c may add to those that are there; 0 when it belongs to the program's name. */
static unsigned take_mark(char c, unsigned flags) {
#define X(id, flag, mark)      \
        if (c == mark && mark) \
                return flags & (flag) || ((flag) &PRIVILEGES && flags & PRIVILEGES) ? 0 : flag;
        COMMAND_FLAG_LIST(X)
#undef X
        return 0;
}

/* The marks before a program; *ret_n is how many bytes they are. */
static unsigned take_marks(const char *word, size_t *ret_n) {
        unsigned flags = 0, flag;
        size_t n = 0;

        for (;; n++) {
                if (word[n] == '!' && (flags & PRIVILEGES) == COMMAND_OWN_USER_CHANGE)
                        flags = (flags & ~(unsigned) PRIVILEGES) | COMMAND_AMBIENT;
                else if ((flag = take_mark(word[n], flags)))
                        flags |= flag;
                else
                        break;
        }

        *ret_n = n;
        return flags;
}

static int parse_program(const KeyInput *in, const Word *word, ExecCommand *c) {
        Where at = word->at;
        char *path;
        size_t n;

        c->flags = take_marks(word->text, &n);
        path = word->text + n;
        at = where_advance(at, n + word->quoted);

        if (!*path)
                return diag_error(in->diag, at, -EINVAL, "%s=: the program is missing", in->key);
        if (*path == '$') {
                (void) diag_error(in->diag, at, -EINVAL, "%s=: the program must not be a variable", in->key);
                diag_hint(in->diag, "/usr/bin/env runs a program that a variable names");
                return -EINVAL;
        }
        if (path[strlen(path) - 1] == '/')
                return diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is a directory", in->key, path);
        if (*path != '/' && !(c->flags & COMMAND_SHELL) && strchr(path, '/'))
                return diag_error(in->diag, at, -EINVAL,
                                  "%s=: \"%s\" is neither an absolute path nor the name of a program",
                                  in->key, path);

        c->path = strdup(path);
        if (!c->path)
                return -ENOMEM;
        if (*path == '/')
                (void) path_normalize(c->path);
        return c->flags & COMMAND_ARGV0 ? 0 : strv_add(&c->argv, c->path);
}

/* One command out of words[0 ... n). */
static int parse_command(const KeyInput *in, const Word *words, int n, ExecCommand *c) {
        int r;

        r = parse_program(in, &words[0], c);
        for (int i = 1; i < n && r == 0; i++)
                r = strv_add(&c->argv, words[i].text);
        if (r == 0 && !c->argv)
                r = diag_error(in->diag, words[0].at, -EINVAL, "%s=: \"@\" needs a word behind the program",
                               in->key);
        return r;
}

int key_commands_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        ExecCommandList *list = field;
        int n, from = 0;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES | WORDS_SEMICOLONS, &words);
        if (n < 0)
                return n;

        for (int i = 0; i <= n; i++) {
                ExecCommand c = {}, *item;
                int r;

                if (i < n && !words[i].separator)
                        continue;
                if (i > from) {
                        r = parse_command(in, words + from, i - from, &c);
                        item = r == 0 ? LIST_ADD(list) : NULL;
                        if (!item) {
                                exec_command_clear(&c);
                                return r < 0 ? r : -ENOMEM;
                        }
                        *item = c;
                }
                from = i + 1;
        }
        return 0;
}

char *key_commands_format(const void *field) {
        const ExecCommandList *list = field;
        autostrv char **lines = NULL;

        for (size_t i = 0; i < list->n; i++)
                if (strv_take(&lines, exec_command_to_string(&list->items[i])) < 0)
                        return NULL;
        return strv_join(lines, " ; ");
}

void key_commands_clear(void *field) {
        ExecCommandList *list = field;

        for (size_t i = 0; i < list->n; i++)
                exec_command_clear(&list->items[i]);
        free(list->items);
        *list = (ExecCommandList){};
}
