/* What the runners of recorded parser cases share. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "parser-cases.h"

/* Where we differ on purpose. */
static const struct {
        const char *id, *reason;
} differences[] = {
        { "b4-one-c",
          "%c, a path below the cgroup of systemd's units, is deprecated there and unknown here" },
        { "b4-one-r", "%r, as %c" },
        { "b4-one-R_", "%R, as %c" },
        { "b3-ef-relative", "what is relative begins at the unit file, as in Quadlet" },
        { "b7-error-notify-none", "what is set is shown, and a warning says that main is used" },
        { "b5-wants-nosuffix", "a name without a suffix is a container's" },
};

static int n_failed;
static bool case_failed;
static const char *case_id;

void differ(const char *fmt, ...) {
        va_list ap;

        case_failed = true;
        printf("#   %s: ", case_id);
        va_start(ap, fmt);
        vprintf(fmt, ap);
        va_end(ap);
        putchar('\n');
}

void case_begin(const char *id) {
        case_id = id;
        case_failed = false;
}

void case_end(void) {
        for (size_t i = 0; i < ELEMENTSOF(differences); i++)
                if (streq(differences[i].id, case_id)) {
                        printf("%s - %s differs: %s\n", case_failed ? "ok" : "not ok", case_id,
                               differences[i].reason);
                        n_failed += !case_failed;
                        return;
                }

        printf("%s - %s\n", case_failed ? "not ok" : "ok", case_id);
        n_failed += case_failed;
}

int case_count_failed(void) {
        return n_failed;
}

void *must(void *p) {
        if (!p)
                abort();
        return p;
}

char *replace(const char *s, const char *from, const char *to) {
        char *out = NULL;
        size_t n;
        FILE *f = must(open_memstream(&out, &n));

        for (const char *hit; (hit = strstr(s, from)); s = hit + strlen(from))
                fprintf(f, "%.*s%s", (int) (hit - s), s, to);
        fputs(s, f);
        fclose(f);
        return out;
}

char *in_our_terms(const char *s, const char *root) {
        static const char *const places[][2] = {
                { "/run/systemd/system", "run" },
                { "/etc/systemd/system", "etc" },
                { "/usr/local/lib/systemd/system", "local" },
                { "/usr/lib/systemd/system", "lib" },
        };
        autofree char *kind = replace(s, "/service.d/", "/container.d/");
        char *out = replace(kind, ".service", ".container");

        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                autofree char *old = out, *place = NULL;

                if (asprintf(&place, "%s/%s", root, places[i][1]) < 0)
                        abort();
                out = replace(old, places[i][0], place);
        }
        return out;
}

char *file_path(const char *name, const char *root) {
        autofree char *ours = in_our_terms(name, root);
        char *path = NULL;
        int r;

        if (startswith(ours, root))
                return take_ptr(ours);
        if (startswith(ours, "service.d/"))
                r = asprintf(&path, "%s/run/container.d/%s", root, ours + strlen("service.d/"));
        else if (ours[0] == '/')
                r = asprintf(&path, "%s/other%s", root, ours);
        else
                r = asprintf(&path, "%s/run/%s", root, ours);
        if (r < 0)
                abort();
        return path;
}

static size_t decode_base64(const char *s, char *out) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        unsigned bits = 0, v = 0;
        size_t n = 0;

        for (; *s && *s != '='; s++) {
                v = v << 6 | (unsigned) (strchr(digits, *s) - digits);
                bits += 6;
                if (bits >= 8)
                        out[n++] = (char) (v >> (bits -= 8) & 0xff);
        }
        return n;
}

bool write_file(const char *path, const json_t *what, const char *root) {
        const char *link = json_string_value(json_object_get(what, "link"));
        const char *coded = json_string_value(json_object_get(what, "b64"));
        autofree char *dir = strndup(path, (size_t) (strrchr(path, '/') - path)), *decoded = NULL;
        const char *text = json_string_value(what);
        size_t n = json_string_length(what);

        if (dir_make(AT_FDCWD, dir, 0755) < 0)
                abort();
        if (link) {
                autofree char *ours = in_our_terms(link, root), *outside = NULL;

                if (ours[0] == '/' && !startswith(ours, root) && !streq(ours, "/dev/null"))
                        outside = file_path(link, root);
                return symlink(outside ?: ours, path) == 0;
        }
        if (coded) {
                decoded = must(malloc(strlen(coded)));
                n = decode_base64(coded, decoded);
                text = decoded;
        }
        return text && file_replace(AT_FDCWD, path, text, n, 0644, false) == 0;
}

void compare(const char *what, const char *ours, const json_t *expected, const char *root) {
        autofree char *theirs = in_our_terms(strempty(json_string_value(expected)), root);

        if (expected && !streq_null(ours, theirs))
                differ("%s is \"%s\", not \"%s\"", what, strempty(ours), theirs);
}

void compare_list(const char *what, char *const *ours, const json_t *expected, const char *root) {
        if (!json_is_array(expected))
                return;
        if (strv_length(ours) != json_array_size(expected)) {
                differ("%s has %zu entries, not %zu", what, strv_length(ours), json_array_size(expected));
                return;
        }
        for (size_t i = 0; i < json_array_size(expected); i++)
                compare(what, ours[i], json_array_get(expected, i), root);
}
