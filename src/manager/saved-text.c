/*
 * One JSON object:
 *
 *      name, fragment, drop_ins, links
 *      sections  [name, place] ...
 *      values    [section, key, value, place of the key, place of the value, breaks] ...
 *
 * A place is [file, line, column], file being a number: 0 = none, 1 = the fragment, then drop-ins and links.
 * Breaks are [offset, line, column] ...
 */
#include "manager/saved-text.h"

#include <fcntl.h>
#include <string.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"

#define TEXT_MAX ((size_t) 64 * 1024 * 1024)

/* -- out -- */

static int file_number(const RawUnit *raw, const char *file) {
        int n = 1;

        if (!file)
                return 0;
        if (streq_null(raw->fragment, file))
                return n;
        STRV_FOREACH (path, raw->drop_ins)
                if (n++ && streq(*path, file))
                        return n;
        STRV_FOREACH (path, raw->links)
                if (n++ && streq(*path, file))
                        return n;
        return 0;
}

static json_t *place_to_json(const RawUnit *raw, Where at) {
        return json_pack("[i, i, i]", file_number(raw, at.file), (int) at.line, (int) at.column);
}

static json_t *breaks_to_json(const WhereBreak *b) {
        json_t *array = json_array();

        for (; b && b->line > 0; b++)
                (void) json_array_append_new(array, json_pack("[I, i, i]", (json_int_t) b->offset,
                                                              (int) b->line, (int) b->column));
        return array;
}

static json_t *paths_to_json(char *const *paths) {
        json_t *array = json_array();

        STRV_FOREACH (path, paths)
                (void) json_array_append_new(array, json_string(*path));
        return array;
}

json_t *saved_text_to_json(const RawUnit *raw) {
        json_t *sections = json_array(), *values = json_array();

        for (RawSection s = {}; raw_unit_next_section(raw, &s);)
                (void) json_array_append_new(sections, json_pack("[s, o]", s.name, place_to_json(raw, s.at)));
        RAW_FOREACH (v, raw) {
                Where at = raw_value_at(&v);

                (void) json_array_append_new(values,
                                             json_pack("[s, s, s, o, o, o]", v.section, v.key, v.value,
                                                       place_to_json(raw, raw_value_key_at(&v)),
                                                       place_to_json(raw, at), breaks_to_json(at.breaks)));
        }
        return json_pack("{s:s, s:s?, s:o, s:o, s:o, s:o}", "name", raw->name, "fragment", raw->fragment,
                         "drop_ins", paths_to_json(raw->drop_ins), "links", paths_to_json(raw->links),
                         "sections", sections, "values", values);
}

int saved_text_write(const char *path, const RawUnit *raw) {
        json_t *o = saved_text_to_json(raw);
        autofree char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

        json_decref(o);
        if (!text)
                return -ENOMEM;
        /* Values of Environment= are nobody else's business. */
        return file_replace(AT_FDCWD, path, text, strlen(text), 0600, false);
}

/* -- in -- */

static int text_at(const json_t *array, size_t i, const char **ret) {
        *ret = json_string_value(json_array_get(array, i));
        return *ret ? 0 : -EBADMSG;
}

static unsigned number_at(const json_t *array, size_t i) {
        json_int_t n = json_integer_value(json_array_get(array, i));

        return n < 0 || n > INT32_MAX ? 0 : (unsigned) n;
}

static const char *file_name(const RawUnit *raw, size_t number) {
        size_t drop_ins = strv_length(raw->drop_ins);

        if (number <= 1)
                return number == 1 ? raw->fragment : NULL;
        number -= 2;
        if (number < drop_ins)
                return raw->drop_ins[number];
        return number - drop_ins < strv_length(raw->links) ? raw->links[number - drop_ins] : NULL;
}

static Where place_from_json(const RawUnit *raw, const json_t *place) {
        return (Where){ .file = file_name(raw, number_at(place, 0)),
                        .line = number_at(place, 1),
                        .column = number_at(place, 2) };
}

static int breaks_from_json(const json_t *array, WhereBreak **ret) {
        size_t n = json_array_size(array);

        *ret = NULL;
        if (n == 0)
                return 0;
        *ret = calloc(n + 1, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                const json_t *b = json_array_get(array, i);

                (*ret)[i] = (WhereBreak){ number_at(b, 0), number_at(b, 1), number_at(b, 2) };
        }
        return 0;
}

static int paths_from_json(const json_t *array, char ***ret) {
        const char *path;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_array_size(array); i++) {
                r = text_at(array, i, &path);
                if (r >= 0)
                        r = strv_add(ret, path);
        }
        return r;
}

static int value_from_json(const json_t *o, RawUnit *raw) {
        autofree WhereBreak *breaks = NULL;
        const char *section;
        RawText text;
        int r;

        if (text_at(o, 0, &section) < 0 || text_at(o, 1, &text.key) < 0 || text_at(o, 2, &text.value) < 0)
                return -EBADMSG;
        r = breaks_from_json(json_array_get(o, 5), &breaks);
        if (r < 0)
                return r;
        text.n_key = strlen(text.key);
        text.n_value = strlen(text.value);
        text.key_at = place_from_json(raw, json_array_get(o, 3));
        text.at = place_from_json(raw, json_array_get(o, 4));
        text.at.breaks = breaks;
        return raw_unit_add_text(raw, section, &text);
}

static int contents_from_json(const json_t *o, RawUnit *raw) {
        const json_t *sections = json_object_get(o, "sections"), *values = json_object_get(o, "values");
        const char *name;
        int r;

        r = paths_from_json(json_object_get(o, "drop_ins"), &raw->drop_ins);
        if (r >= 0)
                r = paths_from_json(json_object_get(o, "links"), &raw->links);
        for (size_t i = 0; r >= 0 && i < json_array_size(sections); i++) {
                const json_t *section = json_array_get(sections, i);

                r = text_at(section, 0, &name);
                if (r >= 0)
                        r = raw_unit_add_section(raw, name, strlen(name),
                                                 place_from_json(raw, json_array_get(section, 1)));
        }
        for (size_t i = 0; r >= 0 && i < json_array_size(values); i++)
                r = value_from_json(json_array_get(values, i), raw);
        return r;
}

int saved_text_from_json(const json_t *o, RawUnit **ret) {
        const char *name = json_string_value(json_object_get(o, "name"));
        const char *fragment = json_string_value(json_object_get(o, "fragment"));
        autoptr(RawUnit) raw = calloc(1, sizeof(*raw));
        int r;

        if (!name)
                return -EBADMSG;
        if (!raw)
                return -ENOMEM;
        raw->name = strdup(name);
        raw->fragment = fragment ? strdup(fragment) : NULL;
        if (!raw->name || (fragment && !raw->fragment))
                return -ENOMEM;

        r = contents_from_json(o, raw);
        if (r < 0)
                return r;
        raw_unit_trim(raw);
        *ret = take_ptr(raw);
        return 0;
}

int saved_text_read(const char *path, RawUnit **ret) {
        autofree char *text = NULL;
        json_t *o;
        int r;

        r = file_read(AT_FDCWD, path, TEXT_MAX, &text, NULL);
        if (r < 0)
                return r;
        o = json_loads(text, 0, NULL);
        if (!o)
                return -EBADMSG;
        r = saved_text_from_json(o, ret);
        json_decref(o);
        return r;
}
