/*
 * First look at the text of nsunitd.conf, before libConfuse 3.3 gets it. What that would take without
 * a word, and what would upset its lexer for the rest of the process (it keeps its state in globals,
 * so an open string would still be open in the next file), is refused here. Comments are blanked,
 * because it counts their lines twice.
 */
#include <errno.h>
#include <string.h>

#include "basic/macro.h"
#include "config/conf-scan.h"

/* What ends a word that is not quoted. */
#define WORD_END " \t\r\n#\"'={}()+,*"

typedef struct Scanner {
        char *p;
        Where at;
        Diag *diag;
        Where open[2]; /* of the braces that are open: a section, a list in it */
        unsigned depth;
        char previous[2]; /* the last two tokens: a punctuation mark, or 'w' for a word or string */
        int bad;
} Scanner;

PRINTF_LIKE(3, 4)
static void refuse(Scanner *s, Where at, const char *fmt, ...) {
        autofree char *message = NULL;
        va_list ap;

        va_start(ap, fmt);
        if (vasprintf(&message, fmt, ap) < 0)
                message = NULL;
        va_end(ap);
        s->bad = diag_error(s->diag, at, -EINVAL, "%s", strempty(message));
}

static void step(Scanner *s) {
        if (*s->p++ == '\n') {
                s->at.line++;
                s->at.column = 1;
        } else
                s->at.column++;
}

static void blank(Scanner *s) {
        if (*s->p != '\n')
                *s->p = ' ';
        step(s);
}

static void token(Scanner *s, char kind) {
        s->previous[0] = s->previous[1];
        s->previous[1] = kind;
}

static void scan_line_comment(Scanner *s) {
        while (*s->p && *s->p != '\n')
                blank(s);
}

static void scan_comment(Scanner *s) {
        Where begin = s->at;

        blank(s);
        blank(s);
        while (*s->p && !(s->p[0] == '*' && s->p[1] == '/'))
                blank(s);
        if (!*s->p)
                return refuse(s, begin, "Comment is not closed, \"*/\" is missing");
        blank(s);
        blank(s);
}

static void check_expansion(Scanner *s) {
        if (s->p[0] == '$' && s->p[1] == '{') {
                refuse(s, s->at, "\"${\" would take a value from nsunitd's own environment");
                diag_hint(s->diag, "write the value itself, or put it between single quotes");
        }
}

static void scan_string(Scanner *s) {
        Where begin = s->at;
        char quote = *s->p;

        token(s, 'w');
        for (step(s); *s->p && *s->p != quote; step(s)) {
                if (quote == '"')
                        check_expansion(s);
                if (*s->p != '\\' || !s->p[1])
                        continue;
                if (quote == '"' && (s->p[1] == 'x' || (s->p[1] >= '0' && s->p[1] <= '9')))
                        refuse(s, s->at, "Characters cannot be written as numbers here");
                step(s);
        }

        if (!*s->p)
                return refuse(s, begin, "Quote is not closed");
        step(s);
}

static void scan_word(Scanner *s) {
        token(s, 'w');
        for (; *s->p && !strchr(WORD_END, *s->p); step(s))
                check_expansion(s);
}

static void scan_brace(Scanner *s) {
        if (*s->p == '{') {
                if (s->depth < ELEMENTSOF(s->open))
                        s->open[s->depth++] = s->at;
                else
                        refuse(s, s->at, "Braces within the braces of a list");
        } else if (s->depth == 0)
                refuse(s, s->at, "'}' without '{'");
        else {
                s->depth--;
                if (s->previous[1] == '{' && s->previous[0] != 'w') {
                        refuse(s, s->at, "List without values");
                        diag_hint(s->diag, "leave the option out for its default, or write { none }");
                }
        }

        token(s, *s->p);
        step(s);
}

static void scan_token(Scanner *s) {
        switch (*s->p) {
        case ' ':
        case '\t':
        case '\r':
        case '\n':
                return step(s);
        case '#':
                return scan_line_comment(s);
        case '"':
        case '\'':
                return scan_string(s);
        case '{':
        case '}':
                return scan_brace(s);
        case '=':
        case ',':
                token(s, *s->p);
                return step(s);
        case '+':
        case '*':
        case '(':
        case ')':
                if (s->p[0] != '+' || s->p[1] != '=')
                        refuse(s, s->at, "'%c' has to be put in quotes", *s->p);
                token(s, *s->p);
                return step(s);
        default:
                if (s->p[0] == '/' && s->p[1] == '/')
                        return scan_line_comment(s);
                if (s->p[0] == '/' && s->p[1] == '*')
                        return scan_comment(s);
                return scan_word(s);
        }
}

int conf_scan(const char *file, char *text, Diag *diag) {
        Scanner s = { .p = text, .at = { .file = file, .line = 1, .column = 1 }, .diag = diag };

        while (*s.p)
                scan_token(&s);

        /* libConfuse would take the end of the file for the missing brace: a cut-off file would pass as
         * whole. */
        if (s.depth > 0)
                refuse(&s, s.open[0], "Section is not closed, '}' is missing");
        return s.bad;
}
