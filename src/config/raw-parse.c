/*
 * Reader of systemd's dialect: lines, continuation, comments, sections, assignments. Knows nothing of
 * which sections and keys exist.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "config/raw-unit.h"

/* systemd's LONG_LINE_MAX. */
#define LINE_MAX_BYTES ((size_t) 1024 * 1024)

typedef struct Reader {
        RawUnit *unit;
        const char *file;
        Diag *diag;
        bool section_seen;    /* there was a header */
        bool section_private; /* of others: "X-..." */
        bool section_bad;     /* its header was no header: what it holds is of no interest */
        bool mark_seen;       /* the byte-order mark, of which there may be one */
        bool failed;

        /* The logical line: one line and its continuations. */
        char *line;
        size_t n_line, line_allocated;
        WhereBreak *breaks; /* where each of its parts came from */
        size_t n_breaks, breaks_allocated;
} Reader;

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Place of byte @offset of the logical line. */
static Where place(const Reader *r, size_t offset) {
        Where at = { .file = r->file, .breaks = r->breaks };

        at = where_advance(at, offset);
        at.breaks = NULL;
        at.offset = 0;
        return at;
}

PRINTF_LIKE(3, 4)
static void complain(Reader *r, Where at, const char *fmt, ...) {
        autofree char *message = NULL;
        va_list ap;

        r->failed = true;
        va_start(ap, fmt);
        if (vasprintf(&message, fmt, ap) < 0)
                message = NULL;
        va_end(ap);
        if (message)
                (void) diag_error(r->diag, at, -EINVAL, "%s", message);
}

static int read_header(Reader *r, size_t begin, size_t end) {
        const char *line = r->line;
        int k;

        r->section_bad = true;

        if (line[end - 1] != ']' || end - begin < 2) {
                complain(r, place(r, begin), "Section header is not closed, ']' is missing");
                return 0;
        }
        if (end - begin == 2) {
                complain(r, place(r, begin), "Section header without a name");
                return 0;
        }
        for (size_t i = begin + 1; i < end - 1; i++)
                if ((unsigned char) line[i] < ' ' || strchr("\"'\\\x7f", line[i])) {
                        complain(r, place(r, i), "Section header with a character that is not allowed in it");
                        return 0;
                }

        k = raw_unit_add_section(r->unit, line + begin + 1, end - begin - 2, place(r, begin));
        if (k < 0)
                return k;
        r->section_seen = true;
        r->section_private = strncmp(line + begin + 1, "X-", 2) == 0;
        r->section_bad = false;
        return 0;
}

/* The breaks of the logical line that lie inside the value from @begin to @end. */
static int copy_breaks(const Reader *r, size_t begin, size_t end, WhereBreak **ret) {
        WhereBreak *b = NULL;
        size_t n = 0, from;

        for (from = 0; from < r->n_breaks && r->breaks[from].offset <= begin; from++)
                ;
        while (from + n < r->n_breaks && r->breaks[from + n].offset < end)
                n++;
        if (n > 0) {
                b = calloc(n + 1, sizeof(*b));
                if (!b)
                        return -ENOMEM;
                for (size_t i = 0; i < n; i++) {
                        b[i] = r->breaks[from + i];
                        b[i].offset -= begin;
                }
        }

        *ret = b;
        return 0;
}

static int add_line(Reader *r, size_t key, size_t key_end, size_t value, size_t value_end) {
        RawText text = {
                .key = r->line + key,
                .n_key = key_end - key,
                .value = r->line + value,
                .n_value = value_end - value,
                .key_at = place(r, key),
                .at = place(r, value),
        };
        autofree WhereBreak *breaks = NULL;
        int k;

        k = copy_breaks(r, value, value_end, &breaks);
        if (k < 0)
                return k;
        text.at.breaks = breaks;
        return raw_unit_add_below(r->unit, &text);
}

static int read_assignment(Reader *r, size_t begin, size_t end) {
        const char *line = r->line, *equals;
        size_t key_end, value;

        if (r->section_bad)
                return 0;

        equals = memchr(line + begin, '=', end - begin);
        /* What sections of others look like is their affair. */
        if ((!equals || equals == line + begin) && r->section_private)
                return 0;
        if (!equals) {
                complain(r, place(r, begin), "Neither \"Key=Value\" nor a section header nor a comment");
                return 0;
        }
        if (!r->section_seen) {
                complain(r, place(r, begin), "Assignment outside of a section");
                return 0;
        }

        key_end = (size_t) (equals - line);
        value = key_end + 1;
        while (key_end > begin && is_blank(line[key_end - 1]))
                key_end--;
        while (value < end && is_blank(line[value]))
                value++;
        if (key_end == begin) {
                complain(r, place(r, begin), "The name of the key is missing before '='");
                return 0;
        }

        return add_line(r, begin, key_end, value, end);
}

/* The logical line is complete. */
static int read_logical_line(Reader *r) {
        size_t begin = 0, end = r->n_line, bad;

        while (end > 0 && is_blank(r->line[end - 1]))
                end--;
        while (begin < end && is_blank(r->line[begin]))
                begin++;
        if (begin == end)
                return 0;

        bad = begin + utf8_find_invalid(r->line + begin, end - begin);
        if (bad < end) {
                complain(r, place(r, bad), "Text is not UTF-8");
                /* A header that cannot be read must not put what follows into the section before. */
                r->section_bad = r->section_bad || r->line[begin] == '[';
                return 0;
        }

        return r->line[begin] == '[' ? read_header(r, begin, end) : read_assignment(r, begin, end);
}

/* Adds one physical line to the logical one. */
static int append_part(Reader *r, const char *part, size_t size, unsigned line) {
        /* One for the end mark of the breaks, which place() needs. */
        size_t need = r->n_breaks + 2;

        if (need > r->breaks_allocated) {
                WhereBreak *b = reallocarray(r->breaks, need * 2, sizeof(*b));

                if (!b)
                        return -ENOMEM;
                r->breaks = b;
                r->breaks_allocated = need * 2;
        }
        if (r->n_line + size > r->line_allocated) {
                size_t wanted = MAX_OF(r->n_line + size, r->line_allocated * 2);
                char *p = realloc(r->line, wanted);

                if (!p)
                        return -ENOMEM;
                r->line = p;
                r->line_allocated = wanted;
        }

        r->breaks[r->n_breaks++] = (WhereBreak){ .offset = r->n_line, .line = line, .column = 1 };
        r->breaks[r->n_breaks] = (WhereBreak){};
        if (size > 0)
                memcpy(r->line + r->n_line, part, size);
        r->n_line += size;
        return 0;
}

/* Does the line end in a backslash that is not itself escaped? */
static bool continues(const char *part, size_t size) {
        size_t n = 0;

        while (n < size && part[size - 1 - n] == '\\')
                n++;
        return n % 2 == 1;
}

static bool is_comment(const char *part, size_t size) {
        size_t i = 0;

        while (i < size && is_blank(part[i]))
                i++;
        return i < size && (part[i] == '#' || part[i] == ';');
}

static int read_line(Reader *r, const char *part, size_t size, unsigned line) {
        int k;

        /* As long as systemd's buffer for a line, and for a line with its continuations. */
        if (size >= LINE_MAX_BYTES || r->n_line + size > LINE_MAX_BYTES) {
                complain(r, (Where){ .file = r->file, .line = line }, "Line is longer than 1 MiB");
                return -EMSGSIZE;
        }
        if (is_comment(part, size))
                return 0;
        if (!r->mark_seen && size >= strlen(BYTE_ORDER_MARK) && startswith(part, BYTE_ORDER_MARK)) {
                r->mark_seen = true;
                part += strlen(BYTE_ORDER_MARK);
                size -= strlen(BYTE_ORDER_MARK);
                /* Here systemd takes the comment for an assignment, warns, and drops it. */
                if (is_comment(part, size))
                        return 0;
        }

        k = append_part(r, part, size, line);
        if (k < 0)
                return k;
        if (continues(part, size)) {
                r->line[r->n_line - 1] = ' ';
                return 0;
        }

        k = read_logical_line(r);
        r->n_line = r->n_breaks = 0;
        return k;
}

/* Length of the line end at @s: LF, CR, or one of each in either order, as systemd reads them. */
static size_t line_end(const char *s, const char *end) {
        if (s < end && (*s == '\n' || *s == '\r'))
                return s + 1 < end && (s[1] == '\n' || s[1] == '\r') && s[1] != s[0] ? 2 : 1;
        return 0;
}

size_t raw_unit_line_length(const char *s, const char *end, const char **ret_next) {
        const char *e = s;

        while (e < end && *e != '\n' && *e != '\r')
                e++;
        *ret_next = e + line_end(e, end);
        return (size_t) (e - s);
}

static int read_all(Reader *r, unsigned line, const char *s, const char *end) {
        int k;

        for (const char *next; s < end; s = next, line++) {
                size_t size = raw_unit_line_length(s, end, &next);

                k = read_line(r, s, size, line);
                if (k < 0)
                        return k;
        }

        if (r->n_breaks > 0)
                return read_logical_line(r);
        return 0;
}

/* A NUL would end every string made from here on without a word. */
static void complain_nul(Reader *r, unsigned line, const char *text, size_t offset) {
        Where at = { .file = r->file, .line = line, .column = 1 };

        for (const char *s = text; s < text + offset;) {
                size_t n = line_end(s, text + offset);

                if (n > 0) {
                        at.line++;
                        at.column = 1;
                        s += n;
                } else {
                        at.column++;
                        s++;
                }
        }

        complain(r, at, "NUL byte; what follows is not read");
}

int raw_unit_parse_part(RawUnit *unit, const char *file, unsigned line, const char *text, size_t size,
                        Diag *diag) {
        Reader r = { .unit = unit, .file = file, .diag = diag };
        const char *nul = memchr(text, '\0', size);
        int k;

        k = read_all(&r, line, text, nul ?: text + size);
        if (k != -ENOMEM && nul)
                complain_nul(&r, line, text, (size_t) (nul - text));
        free(r.line);
        free(r.breaks);
        return k == -ENOMEM ? k : r.failed ? -EINVAL : 0;
}

int raw_unit_parse(RawUnit *unit, const char *file, const char *text, size_t size, Diag *diag) {
        return raw_unit_parse_part(unit, file, 1, text, size, diag);
}
