/* Key types of Overlay= and OverlayReadOnly=: "LOWER:...:UPPER[:DESTINATION]" (systemd.nspawn(5)). */
#include <stdio.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static void overlay_done(OverlaySpec *o) {
        strv_free(o->lowers);
        free(o->upper);
        free(o->destination);
}

/* Cuts at colons; "\:" is a colon that is meant. */
static int split(char *text, Where at, Word **ret, size_t *ret_n) {
        Word *parts = NULL;
        size_t n = 0;
        char *to = text, *start = text;

        for (char *p = text;; p++) {
                if (*p == '\\' && p[1] == ':') {
                        *to++ = *++p;
                        continue;
                }
                if (*p && *p != ':') {
                        *to++ = *p;
                        continue;
                }

                parts = reallocarray(parts, n + 1, sizeof(*parts));
                if (!parts)
                        return -ENOMEM;
                parts[n++] = (Word){ .text = start, .at = where_advance(at, (size_t) (start - text)) };
                if (!*p)
                        break;
                *to = '\0';
                to = start = p + 1;
        }
        *to = '\0';
        *ret = parts;
        *ret_n = n;
        return 0;
}

/* A directory of the host; an empty one is made for the occasion. */
static int take_directory(const KeyInput *in, const Word *part, char **ret) {
        if (*part->text)
                return key_host_path(in, part->text, part->at, "directory", ret);
        *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

static int overlay_fill(const KeyInput *in, Word *parts, size_t n, bool read_only, OverlaySpec *o) {
        size_t last = n - 1, n_lowers;
        int r;

        /* Of two, the second is both the upper directory and the destination. */
        if (n < 2)
                return key_bad_form(in, parts[0].text, o->at, -EINVAL,
                                    read_only ? key_type_read_only_overlays.syntax
                                              : key_type_overlays.syntax);
        n_lowers = n == 2 || read_only ? n - 1 : n - 2;

        r = key_container_path(in, parts[last].text, parts[last].at, &o->destination);
        if (r == 0 && streq(o->destination, "/"))
                r = diag_error(in->diag, parts[last].at, -EINVAL, "%s=: nothing can be mounted on \"/\"",
                               in->key);
        if (r == 0 && !read_only)
                r = take_directory(in, &parts[n == 2 ? last : last - 1], &o->upper);
        for (size_t i = 0; i < n_lowers && r == 0; i++) {
                char *lower;

                r = take_directory(in, &parts[i], &lower);
                if (r == 0)
                        r = strv_take(&o->lowers, lower);
        }
        return r;
}

static int parse(const KeyInput *in, OverlayList *list, bool read_only) {
        autofree char *text = NULL;
        autofree Word *parts = NULL;
        OverlaySpec o = {}, *item;
        size_t n;
        int r;

        r = key_unquote(in, &text, &o.at);
        if (r == 0)
                r = split(text, o.at, &parts, &n);
        if (r == 0)
                r = overlay_fill(in, parts, n, read_only, &o);
        item = r == 0 ? LIST_ADD(list) : NULL;
        if (!item) {
                overlay_done(&o);
                return r < 0 ? r : -ENOMEM;
        }
        *item = o;
        return 0;
}

/* "a:b" as one path: "a\:b". */
static void write_path(FILE *f, const char *path) {
        for (; *path; path++)
                fprintf(f, "%s%c", *path == ':' ? "\\" : "", *path);
}

static char *format(const OverlayList *list) {
        char *text = NULL;
        size_t n;
        FILE *f;

        f = open_memstream(&text, &n);
        if (!f)
                return NULL;
        for (size_t i = 0; i < list->n; i++) {
                const OverlaySpec *o = &list->items[i];

                fputs(i == 0 ? "" : " ", f);
                STRV_FOREACH (lower, o->lowers) {
                        write_path(f, *lower);
                        fputc(':', f);
                }
                if (o->upper) {
                        write_path(f, o->upper);
                        fputc(':', f);
                }
                write_path(f, o->destination);
        }
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

int key_overlays_parse(const KeyInput *in, void *field) {
        return parse(in, field, false);
}

char *key_overlays_format(const void *field) {
        return format(field);
}

void key_overlays_clear(void *field) {
        OverlayList *list = field;

        for (size_t i = 0; i < list->n; i++)
                overlay_done(&list->items[i]);
        free(list->items);
        *list = (OverlayList){};
}

int key_read_only_overlays_parse(const KeyInput *in, void *field) {
        return parse(in, field, true);
}

char *key_read_only_overlays_format(const void *field) {
        return format(field);
}

void key_read_only_overlays_clear(void *field) {
        key_overlays_clear(field);
}
