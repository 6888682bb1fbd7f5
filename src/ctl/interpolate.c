/* Variables in texts, as Compose has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "ctl/interpolate.h"

/* Defaults within defaults. */
#define NESTING_MAX 16

/* Of one text: variables of a .env file may double each other. */
#define RESULT_MAX ((size_t) 1024 * 1024)

typedef struct Reader {
        char *const *env;
        bool lenient; /* a "$" without a name is a letter like any other */
        Where at;
        Diag *diag;
        FILE *out;
        size_t written;
} Reader;

static int put(Reader *r, const char *s, size_t size) {
        if (size > RESULT_MAX - r->written)
                return diag_error(r->diag, r->at, -EINVAL,
                                  "with its variables the text is longer than 1 MiB");
        r->written += size;
        (void) fwrite(s, 1, size, r->out);
        return 0;
}

static bool is_name_start(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static size_t name_length(const char *s) {
        size_t n = 0;

        if (is_name_start(*s))
                for (n = 1; is_name_start(s[n]) || (s[n] >= '0' && s[n] <= '9');)
                        n++;
        return n;
}

static int expand(Reader *r, const char *text, size_t size, unsigned depth);

/* The length of what stands before the brace that closes "${"; SIZE_MAX when none does. */
static size_t find_close(const char *s, size_t size) {
        unsigned open = 1;

        for (size_t i = 0; i < size; i++) {
                if (s[i] == '$' && i + 1 < size && s[i + 1] == '$')
                        i++;
                else if (s[i] == '$' && i + 1 < size && s[i + 1] == '{')
                        open++, i++;
                else if (s[i] == '}' && --open == 0)
                        return i;
        }
        return SIZE_MAX;
}

/* The whole of a text into a string of its own. */
static int expand_all(Reader *r, const char *text, size_t size, unsigned depth, char **ret) {
        FILE *outer = r->out;
        char *result = NULL;
        size_t n;
        int k;

        r->out = open_memstream(&result, &n);
        k = r->out ? expand(r, text, size, depth) : -ENOMEM;
        if (r->out && fclose(r->out) != 0 && k == 0)
                k = -ENOMEM;
        r->out = outer;
        if (k < 0) {
                free(result);
                return k;
        }
        *ret = result;
        return 0;
}

static int refuse(Reader *r, const char *name, const char *message, size_t size, unsigned depth) {
        autofree char *text = NULL;
        int k;

        k = expand_all(r, message, size, depth + 1, &text);
        if (k < 0)
                return k;
        return diag_error(r->diag, r->at, -EINVAL, "variable %s is missing%s%s", name, *text ? ": " : "",
                          text);
}

/* ${NAME} with something behind the name. */
static int expand_choice(Reader *r, const char *name, const char *value, const char *rest, size_t size,
                         unsigned depth) {
        const bool empty_counts = *rest == ':';
        const bool present = value && (!empty_counts || *value);

        rest += empty_counts;
        size -= empty_counts;
        if (size == 0 || !strchr("-?+", *rest))
                return diag_error(r->diag, r->at, -EINVAL,
                                  "variable %s is followed by none of \":-\", \"-\", \":?\", \"?\", "
                                  "\":+\" and \"+\"",
                                  name);

        if (*rest == '?' && !present)
                return refuse(r, name, rest + 1, size - 1, depth);
        if (*rest == '+' ? present : !present)
                return expand(r, rest + 1, size - 1, depth + 1);
        return *rest == '+' ? 0 : put(r, value, strlen(value));
}

/* What stands between "${" and "}". */
static int expand_variable(Reader *r, const char *s, size_t size, unsigned depth) {
        const size_t n = MIN_OF(name_length(s), size);
        autofree char *name = strndup(s, n);
        const char *value;

        if (!name)
                return -ENOMEM;
        if (n == 0)
                return diag_error(r->diag, r->at, -EINVAL, "\"${%.*s}\" does not name a variable",
                                  (int) MIN_OF(size, (size_t) 40), s);

        value = strv_env_get(r->env, name);
        if (n < size)
                return expand_choice(r, name, value, s + n, size - n, depth);
        if (!value)
                diag_warning(r->diag, r->at, "variable %s is not set and taken for empty", name);
        return put(r, strempty(value), strlen(strempty(value)));
}

/* At a "$" with at least one more byte. Returns how many bytes were read, or a negative errno. */
static ssize_t expand_dollar(Reader *r, const char *s, size_t size, unsigned depth) {
        size_t n;
        int k;

        if (s[1] == '$') {
                k = put(r, "$", 1);
                return k < 0 ? k : 2;
        }
        if (s[1] == '{') {
                n = find_close(s + 2, size - 2);
                if (n == SIZE_MAX)
                        return diag_error(r->diag, r->at, -EINVAL, "\"${\" is not closed");
                k = expand_variable(r, s + 2, n, depth);
                return k < 0 ? k : (ssize_t) n + 3;
        }

        n = MIN_OF(name_length(s + 1), size - 1);
        if (n > 0) {
                k = expand_variable(r, s + 1, n, depth);
                return k < 0 ? k : (ssize_t) n + 1;
        }
        if (r->lenient) {
                k = put(r, "$", 1);
                return k < 0 ? k : 1;
        }
        (void) diag_error(r->diag, r->at, -EINVAL, "\"$\" is followed by no name");
        diag_hint(r->diag, "\"$$\" stands for the sign itself");
        return -EINVAL;
}

static int expand(Reader *r, const char *text, size_t size, unsigned depth) {
        if (depth > NESTING_MAX)
                return diag_error(r->diag, r->at, -EINVAL, "variables are nested more than %d deep",
                                  NESTING_MAX);

        for (size_t i = 0; i < size;) {
                const char *dollar = memchr(text + i, '$', size - i);
                size_t plain = dollar && dollar + 1 < text + size ? (size_t) (dollar - text) - i : size - i;
                ssize_t k;

                k = put(r, text + i, plain);
                if (k < 0)
                        return (int) k;
                i += plain;
                if (i == size)
                        break;
                k = expand_dollar(r, text + i, size - i, depth);
                if (k < 0)
                        return (int) k;
                i += (size_t) k;
        }
        return 0;
}

static int expand_text(const char *text, char *const *env, bool lenient, Where at, Diag *diag, char **ret) {
        Reader r = { .env = env, .lenient = lenient, .at = at, .diag = diag };

        return expand_all(&r, text, strlen(text), 0, ret);
}

int interpolate(const char *text, char *const *env, Where at, Diag *diag, char **ret) {
        return expand_text(text, env, false, at, diag, ret);
}

/* "VALUE" of a .env file up to its closing quote, escapes replaced in place; what follows the quote, or NULL.
 */
static char *unescape_quoted(char *s) {
        char *to = s;

        for (; *s && *s != '"'; s++) {
                if (*s != '\\' || !s[1]) {
                        *to++ = *s;
                        continue;
                }
                s++;
                switch (*s) {
                case 'n':
                        *to++ = '\n';
                        break;
                case 'r':
                        *to++ = '\r';
                        break;
                case 't':
                        *to++ = '\t';
                        break;
                case '$':
                        *to++ = '$';
                        *to++ = '$';
                        break;
                case '"':
                case '\\':
                        *to++ = *s;
                        break;
                default:
                        *to++ = '\\';
                        *to++ = *s;
                }
        }
        if (*s != '"')
                return NULL;
        *to = '\0';
        return s + 1;
}

static int dotenv_value(char ***env, char *value, Where at, Diag *diag, char **ret) {
        char *end;

        if (*value == '\'' || *value == '"') {
                const bool literal = *value++ == '\'';

                end = literal ? strchr(value, '\'') : unescape_quoted(value);
                if (!end)
                        return diag_error(diag, at, -EINVAL, "the quote is not closed in this line");
                if (literal) {
                        *end = '\0';
                        *ret = strdup(value);
                        return *ret ? 0 : -ENOMEM;
                }
                return expand_text(value, *env, true, at, diag, ret);
        }

        for (end = value; *end; end++)
                if (*end == '#' && (end == value || end[-1] == ' ' || end[-1] == '\t'))
                        break;
        while (end > value && strchr(" \t\r", end[-1]))
                end--;
        *end = '\0';
        return expand_text(value, *env, true, at, diag, ret);
}

static int dotenv_line(char ***env, char *line, Where at, Diag *diag) {
        autofree char *value = NULL;
        char *name;
        size_t n;
        int r;

        line += strspn(line, " \t\r");
        if (startswith(line, "export "))
                line += strlen("export ") + strspn(line + strlen("export "), " \t");
        if (!*line || *line == '#')
                return 0;

        name = line;
        n = name_length(line);
        line += n + strspn(line + n, " \t");
        if (n == 0 || *line != '=')
                return diag_error(diag, at, -EINVAL, "not of the form NAME=VALUE");

        line += 1 + strspn(line + 1, " \t");
        r = dotenv_value(env, line, at, diag, &value);
        if (r < 0)
                return r;

        name[n] = '\0';
        return strv_env_get(*env, name) ? 0 : strv_addf(env, "%s=%s", name, value);
}

int dotenv_parse(char ***env, const char *file, const char *text, size_t size, Diag *diag) {
        Where at = { .file = file, .line = 1 };
        autofree char *copy = NULL;
        char *line, *rest;

        if (memchr(text, '\0', size) || utf8_find_invalid(text, size) < size)
                return diag_error(diag, (Where){ .file = file }, -EINVAL, "Text is not UTF-8");
        copy = strndup(text, size);
        if (!copy)
                return -ENOMEM;

        for (rest = copy; (line = strsep(&rest, "\n")); at.line++) {
                int r = dotenv_line(env, line, at, diag);

                if (r < 0)
                        return r;
        }
        return 0;
}
