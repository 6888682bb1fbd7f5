/* Splitting of bundles. What the parts say is the unit reader's business. See unit-bundle.h. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "basic/utf8.h"
#include "config/raw-unit.h"
#include "config/unit-bundle.h"

/* A line without the blanks around it. */
typedef struct Line {
        const char *text;
        size_t size;
        Where at;
} Line;

/* What is known of the part in hand. */
typedef struct Part {
        const char *begin; /* NULL before its first line */
        unsigned line;
        Line first; /* that holds more than blanks */
        Line name;  /* behind "FileName=" */
        UnitKind kind;
} Part;

typedef struct Splitter {
        const char *file;
        Diag *diag;
        Part part;
        BundlePart *parts;
        size_t n, allocated;
} Splitter;

void bundle_free(BundlePart *parts, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(parts[i].name);
        free(parts);
}

static Line trimmed(const char *text, const char *end, Where at) {
        const char *begin = text;

        if (startswith(begin, BYTE_ORDER_MARK))
                begin += strlen(BYTE_ORDER_MARK);
        while (begin < end && isspace((unsigned char) *begin))
                begin++;
        while (end > begin && isspace((unsigned char) end[-1]))
                end--;
        return (Line){ .text = begin,
                       .size = (size_t) (end - begin),
                       .at = where_advance(at, (size_t) (begin - text)) };
}

static bool line_is(const Line *l, const char *word) {
        return l->size == strlen(word) && strncmp(l->text, word, l->size) == 0;
}

/* The kind whose own section this header begins; letter case does not count here, as in podman. */
static UnitKind header_kind(const Line *l) {
        char word[16];
        size_t n = l->size - 2;

        if (l->size < 3 || l->text[0] != '[' || l->text[l->size - 1] != ']' || n >= sizeof(word))
                return UNIT_KIND_INVALID_;
        for (size_t i = 0; i < n; i++)
                word[i] = (char) tolower((unsigned char) l->text[i + 1]);
        word[n] = '\0';
        return unit_kind_from_string(word);
}

static void read_comment(Part *p, const Line *l) {
        static const char assignment[] = "FileName=";
        Line rest = trimmed(l->text + 1, l->text + l->size, where_advance(l->at, 1));

        if (p->name.text || rest.size < strlen(assignment) || !startswith(rest.text, assignment))
                return;
        p->name = trimmed(rest.text + strlen(assignment), rest.text + rest.size,
                          where_advance(rest.at, strlen(assignment)));
}

static void read_line(Part *p, const Line *l) {
        if (l->size == 0)
                return;
        if (!p->first.text)
                p->first = *l;
        if (l->text[0] == '#')
                read_comment(p, l);
        else if (p->kind < 0)
                p->kind = header_kind(l);
}

static const BundlePart *find_part(const Splitter *s, const char *name) {
        for (size_t i = 0; i < s->n; i++)
                if (streq(s->parts[i].name, name))
                        return &s->parts[i];
        return NULL;
}

static int add_part(Splitter *s, BundlePart part) {
        if (s->n == s->allocated) {
                size_t wanted = s->allocated ? s->allocated * 2 : 8;
                BundlePart *p = reallocarray(s->parts, wanted, sizeof(*p));

                if (!p) {
                        free(part.name);
                        return -ENOMEM;
                }
                s->parts = p;
                s->allocated = wanted;
        }

        s->parts[s->n++] = part;
        return 0;
}

/* Returns 0 with the name, or NULL in *ret when there is a mistake. */
static int part_name(const Splitter *s, char **ret) {
        const Part *p = &s->part;
        autofree char *name = NULL;
        const BundlePart *other;

        *ret = NULL;
        if (p->kind < 0) {
                (void) diag_error(s->diag, p->first.at, -EINVAL,
                                  "This part of the bundle has no section that tells its kind");
                diag_hint(s->diag, "like [Container], [Network] or [Volume]");
                return 0;
        }
        if (!p->name.text || p->name.size == 0) {
                (void) diag_error(s->diag, p->name.text ? p->name.at : p->first.at, -EINVAL,
                                  "This part of the bundle has no name");
                diag_hint(s->diag, "a line \"# FileName=NAME\" gives it one");
                return 0;
        }

        if (asprintf(&name, "%.*s.%s", (int) p->name.size, p->name.text, unit_kind_to_string(p->kind)) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        other = find_part(s, name);
        if (!unit_name_valid(name))
                (void) diag_error(s->diag, p->name.at, -EINVAL, "\"%s\" is not the name of a unit", name);
        else if (other)
                (void) diag_error(s->diag, p->name.at, -EINVAL,
                                  "%s is in this bundle already, from line %u on", name, other->line);
        else
                *ret = take_ptr(name);
        return 0;
}

/* The part in hand ends before @end. One of blanks only is none. */
static int finish_part(Splitter *s, const char *end) {
        const Part *p = &s->part;
        BundlePart part = { .text = p->begin, .size = (size_t) (end - p->begin), .line = p->line };
        int r;

        if (!p->first.text)
                return 0;
        r = part_name(s, &part.name);
        return r < 0 || !part.name ? r : add_part(s, part);
}

static int split(Splitter *s, const char *text, const char *end) {
        Where at = { .file = s->file, .line = 1, .column = 1 };
        int r;

        s->part = (Part){ .begin = text, .line = 1, .kind = UNIT_KIND_INVALID_ };
        for (const char *p = text, *next; p < end; p = next, at.line++) {
                const char *e = p + raw_unit_line_length(p, end, &next);
                Line l = trimmed(p, e, at);

                if (!line_is(&l, "---")) {
                        read_line(&s->part, &l);
                        continue;
                }
                r = finish_part(s, p);
                if (r < 0)
                        return r;
                s->part = (Part){ .begin = next, .line = at.line + 1, .kind = UNIT_KIND_INVALID_ };
        }
        return finish_part(s, end);
}

int bundle_split(const char *file, const char *text, size_t size, Diag *diag, BundlePart **ret) {
        Splitter s = { .file = file, .diag = diag };
        size_t errors = diag_count_errors(diag);
        int r;

        r = split(&s, text, text + size);
        if (r < 0) {
                bundle_free(s.parts, s.n);
                return r;
        }
        if (s.n == 0 && diag_count_errors(diag) == errors)
                (void) diag_error(diag, (Where){ .file = file }, -EINVAL, "There is no unit in this bundle");

        *ret = s.parts;
        return (int) s.n;
}
