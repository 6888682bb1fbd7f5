/* Expansion of specifiers. See specifiers.h. */
#include <errno.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/unit-name.h"
#include "config/specifiers.h"

/* Makes a fresh string, or NULL in *ret when there is no value. */
typedef int (*ExpandFn)(const SpecifierContext *c, char **ret);

typedef struct Specifier {
        char letter;
        size_t offset;   /* of a string in the context, when there is no function */
        ExpandFn expand; /* what is made from other values */
} Specifier;

static int copy(const char *s, char **ret) {
        *ret = s ? strdup(s) : NULL;
        return s && !*ret ? -ENOMEM : 0;
}

/* The unit's name up to its suffix: "job@1" of "job@1.container". */
static int expand_stem(const SpecifierContext *c, char **ret) {
        if (!c->unit_name)
                return copy(NULL, ret);
        *ret = unit_name_stem(c->unit_name);
        return *ret ? 0 : -ENOMEM;
}

/* "job" of "job@1.container"; the stem of a plain name. */
static int expand_prefix(const SpecifierContext *c, char **ret) {
        autofree char *stem = NULL;
        int r;

        r = expand_stem(c, &stem);
        if (r < 0)
                return r;
        if (stem)
                stem[strcspn(stem, "@")] = '\0';
        *ret = take_ptr(stem);
        return 0;
}

/* Empty for a plain name, as in systemd. */
static int expand_instance(const SpecifierContext *c, char **ret) {
        autofree char *instance = NULL;
        int r;

        if (!c->unit_name)
                return copy(NULL, ret);
        r = unit_name_instance(c->unit_name, &instance);
        if (r < 0)
                return r;
        return copy(strempty(instance), ret);
}

/* What stands behind the last dash of the prefix. */
static int expand_last_part(const SpecifierContext *c, char **ret) {
        autofree char *prefix = NULL;
        const char *dash;
        int r;

        r = expand_prefix(c, &prefix);
        if (r < 0)
                return r;
        dash = prefix ? strrchr(prefix, '-') : NULL;
        return copy(dash ? dash + 1 : prefix, ret);
}

static int unescape(ExpandFn fn, const SpecifierContext *c, char **ret) {
        autofree char *escaped = NULL;
        int r;

        r = fn(c, &escaped);
        if (r < 0)
                return r;
        return escaped ? unit_name_unescape(escaped, ret) : copy(NULL, ret);
}

static int expand_prefix_unescaped(const SpecifierContext *c, char **ret) {
        return unescape(expand_prefix, c, ret);
}

static int expand_instance_unescaped(const SpecifierContext *c, char **ret) {
        return unescape(expand_instance, c, ret);
}

static int expand_last_part_unescaped(const SpecifierContext *c, char **ret) {
        return unescape(expand_last_part, c, ret);
}

/* The instance, or for a plain name the prefix, as an absolute path. */
static int expand_path(const SpecifierContext *c, char **ret) {
        autofree char *text = NULL;
        int r;

        if (!c->unit_name)
                return copy(NULL, ret);
        r = unit_name_instance(c->unit_name, &text);
        if (r == 0 && !text)
                r = expand_prefix(c, &text);
        return r < 0 ? r : unit_name_unescape_path(text, ret);
}

static int expand_fragment_dir(const SpecifierContext *c, char **ret) {
        const char *slash = c->fragment ? strrchr(c->fragment, '/') : NULL;

        if (!slash)
                return copy(NULL, ret);
        *ret = strndup(c->fragment, slash == c->fragment ? 1 : (size_t) (slash - c->fragment));
        return *ret ? 0 : -ENOMEM;
}

static int expand_short_host_name(const SpecifierContext *c, char **ret) {
        if (!c->host_name)
                return copy(NULL, ret);
        *ret = strndup(c->host_name, strcspn(c->host_name, "."));
        return *ret ? 0 : -ENOMEM;
}

#define FIELD(letter_, field) \
        { .letter = letter_, .offset = offsetof(SpecifierContext, field) }
#define MADE(letter_, fn) \
        { .letter = letter_, .expand = fn }

static const Specifier specifiers[] = {
        FIELD('A', os_image_version),
        FIELD('B', os_build_id),
        FIELD('C', cache_dir),
        FIELD('D', data_dir),
        FIELD('E', config_dir),
        FIELD('G', gid),
        FIELD('H', host_name),
        MADE('I', expand_instance_unescaped),
        MADE('J', expand_last_part_unescaped),
        FIELD('L', logs_dir),
        FIELD('M', os_image_id),
        MADE('N', expand_stem),
        MADE('P', expand_prefix_unescaped),
        FIELD('S', state_dir),
        FIELD('T', tmp_dir),
        FIELD('U', uid),
        FIELD('V', var_tmp_dir),
        FIELD('W', os_variant_id),
        MADE('Y', expand_fragment_dir),
        FIELD('a', architecture),
        FIELD('b', boot_id),
        FIELD('d', credentials_dir),
        MADE('f', expand_path),
        FIELD('g', group),
        FIELD('h', home),
        MADE('i', expand_instance),
        MADE('j', expand_last_part),
        MADE('l', expand_short_host_name),
        FIELD('m', machine_id),
        FIELD('n', unit_name),
        FIELD('o', os_id),
        MADE('p', expand_prefix),
        FIELD('q', pretty_host_name),
        FIELD('s', shell),
        FIELD('t', runtime_dir),
        FIELD('u', user),
        FIELD('v', kernel_release),
        FIELD('w', os_version_id),
        FIELD('y', fragment),
};

static const Specifier *find(char letter) {
        for (size_t i = 0; i < ELEMENTSOF(specifiers); i++)
                if (specifiers[i].letter == letter)
                        return &specifiers[i];
        return NULL;
}

/* What [Install] takes: nothing that differs between the manager that reads the unit and who enables it. */
static bool fit_for_install(char letter) {
        return strchr("abBgGHijlmnNopuUvwW", letter) != NULL;
}

static int expand_one(char letter, Where at, const SpecifierContext *c, Diag *diag, char **ret) {
        const Specifier *s = find(letter);
        int r;

        if (!s) {
                r = diag_error(diag, at, -EINVAL, "Unknown specifier \"%%%.*s\"",
                               (unsigned char) letter < 0x80 ? 1 : 0, &letter);
                diag_hint(diag, "a plain percent sign is written \"%%%%\"");
                return r;
        }

        if (c->install && !fit_for_install(letter))
                return diag_error(diag, at, -EINVAL, "Specifier \"%%%c\" has no meaning in [Install]",
                                  letter);

        r = s->expand ? s->expand(c, ret) : copy(*(const char *const *) ((const char *) c + s->offset), ret);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return diag_error(diag, at, -EINVAL, "What \"%%%c\" stands for is not escaped correctly",
                                  letter);
        if (!*ret)
                return diag_error(diag, at, -EINVAL, "Specifier \"%%%c\" has no value here", letter);
        return 0;
}

/* systemd lets pass what cannot be a specifier: a percent sign before neither letter nor digit. */
static bool is_specifier(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A text that grows. */
typedef struct Text {
        char *s;
        size_t n, allocated;
} Text;

static int text_add(Text *t, const char *s, size_t n) {
        if (t->n + n >= t->allocated) {
                size_t wanted = 2 * (t->n + n) + 32;
                char *p = realloc(t->s, wanted);

                if (!p)
                        return -ENOMEM;
                t->s = p;
                t->allocated = wanted;
        }

        memcpy(t->s + t->n, s, n);
        t->n += n;
        t->s[t->n] = '\0';
        return 0;
}

static int expand_into(Text *t, const char *text, Where at, const SpecifierContext *c, Diag *diag) {
        int r, bad = 0;

        for (const char *p = text; *p;) {
                autofree char *value = NULL;
                size_t n = strcspn(p, "%");

                if (n == 0 && is_specifier(p[1])) {
                        at = where_advance(at, (size_t) (p - text));
                        text = p;
                        r = expand_one(p[1], at, c, diag, &value);
                        if (r == 0)
                                r = text_add(t, value, strlen(value));
                        else if (r != -ENOMEM)
                                bad = r;
                        p += 2;
                } else {
                        /* A percent sign that is none, or the first of two. */
                        r = text_add(t, p, n > 0 ? n : 1);
                        p += n > 0 ? n : p[1] == '%' ? 2 : 1;
                }
                if (r == -ENOMEM)
                        return r;
        }

        return bad;
}

int specifiers_expand(const char *text, Where at, const SpecifierContext *context, Diag *diag, char **ret) {
        Text t = {};
        int r;

        /* Nearly every value: nothing to do. */
        if (!strchr(text, '%'))
                return copy(text, ret);

        r = expand_into(&t, text, at, context, diag);
        if (r < 0) {
                free(t.s);
                return r;
        }
        *ret = t.s;
        return 0;
}
