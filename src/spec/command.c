/* Command lines of hooks back as text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "config/words.h"
#include "spec/command.h"

void exec_command_clear(ExecCommand *c) {
        free(c->path);
        strv_free(c->argv);
        *c = (ExecCommand){};
}

/* A word ";" divides commands unless it is quoted. */
static int add_word(char ***words, const char *word) {
        char *one[] = { (char *) word, NULL };

        return streq(word, ";") ? strv_add(words, "\";\"") : strv_take(words, words_join(one));
}

char *exec_command_to_string(const ExecCommand *c) {
        autostrv char **words = NULL;
        char marks[16], *to = marks;
        autofree char *first = NULL;
        size_t skipped = c->flags & COMMAND_ARGV0 ? 0 : 1;

#define X(id, flag, mark)              \
        if (c->flags & (flag) && mark) \
                *to++ = mark;
        COMMAND_FLAG_LIST(X)
#undef X
        if (c->flags & COMMAND_AMBIENT)
                to = stpcpy(to, "!!");
        *to = '\0';

        if (asprintf(&first, "%s%s", marks, c->path) < 0) {
                first = NULL;
                return NULL;
        }
        if (add_word(&words, first) < 0)
                return NULL;
        for (size_t i = skipped; c->argv[i]; i++)
                if (add_word(&words, c->argv[i]) < 0)
                        return NULL;
        return strv_join(words, " ");
}
