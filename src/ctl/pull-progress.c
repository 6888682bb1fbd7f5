/* Bars and lines. */
#include "ctl/pull-progress.h"

#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "ctl/terminal.h"
#include "ctl/text.h"

#define COLUMNS_DEFAULT 80
#define BAR_MIN         10
#define BAR_MAX         40

/* "1acbc6cac634 [" before the bar, "] 123.4M / 123.4M" behind it. */
#define BESIDE_BAR 34

typedef struct Line {
        char name[16];
        uint64_t done, total;
        bool told; /* as a plain line */
} Line;

struct PullProgress {
        FILE *f;
        bool terminal;
        Line *layers;
        size_t n_layers;
        size_t n_drawn; /* lines on the terminal that are ours to draw again */
        char unpacked[32];
};

PullProgress *pull_progress_new(FILE *f, bool terminal) {
        PullProgress *p = calloc(1, sizeof(*p));

        if (p) {
                p->f = f;
                p->terminal = terminal;
        }
        return p;
}

void pull_progress_free(PullProgress *p) {
        if (!p)
                return;

        free(p->layers);
        free(p);
}

static Line *layer_of(PullProgress *p, const char *name) {
        Line *grown;

        for (size_t i = 0; i < p->n_layers; i++)
                if (streq(p->layers[i].name, name))
                        return &p->layers[i];

        grown = reallocarray(p->layers, p->n_layers + 1, sizeof(*grown));
        if (!grown)
                return NULL;
        p->layers = grown;
        grown += p->n_layers++;
        *grown = (Line){};
        (void) snprintf(grown->name, sizeof(grown->name), "%s", name);
        return grown;
}

static unsigned bar_width(FILE *f) {
        unsigned columns = terminal_columns(fileno(f), COLUMNS_DEFAULT);

        return columns < BESIDE_BAR + BAR_MIN ? BAR_MIN : MIN_OF(columns - BESIDE_BAR, (unsigned) BAR_MAX);
}

static void draw_layer(const PullProgress *p, const Line *l, unsigned width) {
        bool there = l->total > 0 && l->done >= l->total;
        char done[TEXT_MAX], total[TEXT_MAX], bar[BAR_MAX + 1];
        unsigned full = l->total > 0 ? (unsigned) ((double) l->done / (double) l->total * width) : 0;

        for (unsigned i = 0; i < width; i++)
                bar[i] = i < full ? '=' : i == full ? '>' : ' ';
        bar[width] = '\0';
        fprintf(p->f, "\r\033[K%s [%s] ", l->name, bar);
        if (there)
                fputs("done\n", p->f);
        else
                fprintf(p->f, "%s / %s\n", text_bytes(l->done, done), text_bytes(l->total, total));
}

static void draw(PullProgress *p) {
        unsigned width = bar_width(p->f);

        if (p->n_drawn > 0)
                fprintf(p->f, "\033[%zuA", p->n_drawn);
        for (size_t i = 0; i < p->n_layers; i++)
                draw_layer(p, &p->layers[i], width);
        if (p->unpacked[0])
                fprintf(p->f, "\r\033[Kunpacking layer %s\n", p->unpacked);
        p->n_drawn = p->n_layers + (p->unpacked[0] != '\0');
        (void) fflush(p->f);
}

/* Each layer is told once, when it is there, with its size if that was ever heard of. */
static void tell_layer(PullProgress *p, Line *l, uint64_t size) {
        char bytes[TEXT_MAX];

        if (l->told || l->total == 0 || l->done < l->total)
                return;
        l->told = true;
        if (size > 1)
                fprintf(p->f, "layer %s: %s\n", l->name, text_bytes(size, bytes));
        else
                fprintf(p->f, "layer %s is there\n", l->name);
        (void) fflush(p->f);
}

static void on_fetch(PullProgress *p, const char *text, uint64_t done, uint64_t total) {
        Line *l = layer_of(p, text);
        uint64_t size;

        if (!l)
                return;
        size = l->total;
        l->done = done;
        l->total = total;
        if (p->terminal)
                draw(p);
        else
                tell_layer(p, l, size);
}

static void on_unpack(PullProgress *p, const char *text) {
        bool same = streq(p->unpacked, text);

        (void) snprintf(p->unpacked, sizeof(p->unpacked), "%s", text);
        if (p->terminal)
                draw(p);
        else if (!same)
                fprintf(p->f, "unpacking layer %s\n", text);
}

void pull_progress_event(PullProgress *p, const char *event, const char *text, uint64_t done,
                         uint64_t total) {
        autofree char *printable = text_escape(text);

        if (!printable)
                return;
        if (streq(event, "fetch"))
                on_fetch(p, printable, done, total);
        else if (streq(event, "unpack"))
                on_unpack(p, printable);
        else if (streq(event, "wait")) {
                fprintf(p->f, "waiting for other pulls, %" PRIu64 " under way\n", total);
                (void) fflush(p->f);
        } else if (streq(event, "retry")) {
                fprintf(p->f, "%s; again in %" PRIu64 " s\n", printable, total);
                p->n_drawn = 0;
        }
}
