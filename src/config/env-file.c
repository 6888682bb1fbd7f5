/* EnvironmentFile=: one byte after the other through the states of systemd's own reader. */
#include <errno.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/utf8.h"
#include "config/env-file.h"

typedef enum State {
        STATE_PRE_KEY,
        STATE_KEY,
        STATE_PRE_VALUE,
        STATE_VALUE,
        STATE_VALUE_ESCAPE,
        STATE_SINGLE,
        STATE_DOUBLE,
        STATE_DOUBLE_ESCAPE,
        STATE_COMMENT,
} State;

typedef struct Reader {
        State state;
        char *key, *value; /* each has room for the whole text */
        size_t n_key, n_value;
        size_t n_value_solid; /* blanks behind this fall away at the end of the value */
        Where at;             /* of the byte in hand */
        Where key_at;
        char ***env;
        Diag *diag;
} Reader;

static bool is_blank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_newline(char c) {
        return c == '\n' || c == '\r';
}

static bool name_valid(const char *s) {
        if (*s == '\0' || (*s >= '0' && *s <= '9'))
                return false;
        for (; *s; s++)
                if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') ||
                      *s == '_'))
                        return false;
        return true;
}

static int finish_assignment(Reader *r) {
        autofree char *assignment = NULL;

        r->n_value = r->n_value_solid;
        while (r->n_key > 0 && is_blank(r->key[r->n_key - 1]))
                r->n_key--;
        r->key[r->n_key] = '\0';
        r->value[r->n_value] = '\0';

        /* What is no assignment, comments above all, may be of any encoding. */
        if (utf8_find_invalid(r->key, r->n_key) < r->n_key ||
            utf8_find_invalid(r->value, r->n_value) < r->n_value)
                return diag_error(r->diag, (Where){ .file = r->key_at.file, .line = r->key_at.line }, -EINVAL,
                                  "Text is not UTF-8");
        if (!name_valid(r->key)) {
                diag_warning(r->diag, r->key_at, "\"%s\" is not a name for a variable, ignoring it", r->key);
                return 0;
        }

        if (asprintf(&assignment, "%s=%s", r->key, r->value) < 0)
                return -ENOMEM;
        return strv_env_set(r->env, assignment);
}

static void value_add(Reader *r, char c, bool solid) {
        r->value[r->n_value++] = c;
        if (solid)
                r->n_value_solid = r->n_value;
}

static int on_key(Reader *r, char c) {
        if (is_newline(c)) {
                diag_warning(r->diag, r->key_at, "Not an assignment, ignoring the line");
                r->state = STATE_PRE_KEY;
        } else if (c == '=') {
                r->state = STATE_PRE_VALUE;
                r->n_value = r->n_value_solid = 0;
        } else
                r->key[r->n_key++] = c;
        return 0;
}

static int on_pre_key(Reader *r, char c) {
        if (c == '#' || c == ';')
                r->state = STATE_COMMENT;
        else if (!is_blank(c)) {
                r->state = STATE_KEY;
                r->key_at = r->at;
                r->key[0] = c; /* even when it is '=' */
                r->n_key = 1;
        }
        return 0;
}

/* Between '=' and the value, and between the pieces of a value. */
static int on_pre_value(Reader *r, char c) {
        if (is_newline(c)) {
                r->state = STATE_PRE_KEY;
                return finish_assignment(r);
        }
        if (c == '\'')
                r->state = STATE_SINGLE;
        else if (c == '"')
                r->state = STATE_DOUBLE;
        else if (c == '\\')
                r->state = STATE_VALUE_ESCAPE;
        else if (!is_blank(c)) {
                r->state = STATE_VALUE;
                value_add(r, c, true);
        }
        return 0;
}

static int on_value(Reader *r, char c) {
        if (is_newline(c)) {
                r->state = STATE_PRE_KEY;
                return finish_assignment(r);
        }
        if (c == '\\') {
                r->state = STATE_VALUE_ESCAPE;
                r->n_value_solid = r->n_value;
        } else
                value_add(r, c, !is_blank(c));
        return 0;
}

static int on_byte(Reader *r, char c) {
        switch (r->state) {
        case STATE_PRE_KEY:
                return on_pre_key(r, c);
        case STATE_KEY:
                return on_key(r, c);
        case STATE_PRE_VALUE:
                return on_pre_value(r, c);
        case STATE_VALUE:
                return on_value(r, c);
        case STATE_VALUE_ESCAPE:
                /* An escaped newline is a continuation. */
                r->state = STATE_VALUE;
                if (!is_newline(c))
                        value_add(r, c, true);
                return 0;
        case STATE_SINGLE:
                if (c == '\'')
                        r->state = STATE_PRE_VALUE;
                else
                        value_add(r, c, true);
                return 0;
        case STATE_DOUBLE:
                if (c == '"')
                        r->state = STATE_PRE_VALUE;
                else if (c == '\\')
                        r->state = STATE_DOUBLE_ESCAPE;
                else
                        value_add(r, c, true);
                return 0;
        case STATE_DOUBLE_ESCAPE:
                r->state = STATE_DOUBLE;
                /* As in a shell: a backslash is special only before these. */
                if (!strchr("\"\\`$\n", c))
                        value_add(r, '\\', true);
                if (c != '\n')
                        value_add(r, c, true);
                return 0;
        case STATE_COMMENT:
                /* A comment is not continued: systemd since 254. */
                if (is_newline(c))
                        r->state = STATE_PRE_KEY;
                return 0;
        }

        __builtin_unreachable();
}

static int read_all(Reader *r, const char *text, size_t size) {
        int k;

        for (size_t i = 0; i < size; i++) {
                k = on_byte(r, text[i]);
                if (k < 0)
                        return k;
                r->at.column++;
                if (text[i] == '\n') {
                        r->at.line++;
                        r->at.column = 1;
                }
        }

        switch (r->state) {
        case STATE_SINGLE:
        case STATE_DOUBLE:
        case STATE_DOUBLE_ESCAPE:
                diag_warning(r->diag, r->key_at, "Quote is not closed before the end of the file");
                return finish_assignment(r);
        case STATE_PRE_VALUE:
        case STATE_VALUE:
        case STATE_VALUE_ESCAPE:
                return finish_assignment(r);
        case STATE_KEY:
                return on_key(r, '\n');
        case STATE_PRE_KEY:
        case STATE_COMMENT:
                break;
        }

        return 0;
}

int env_file_parse(char ***env, const char *file, const char *text, size_t size, Diag *diag) {
        autofree char *key = malloc(size + 1), *value = malloc(size + 1);
        Reader r = { .key = key,
                     .value = value,
                     .at = { .file = file, .line = 1, .column = 1 },
                     .env = env,
                     .diag = diag };
        const char *nul = memchr(text, '\0', size);

        if (!key || !value)
                return -ENOMEM;
        if (nul) {
                Where at = { .file = file, .line = 1 };

                for (const char *p = text; p < nul; p++)
                        at.line += *p == '\n';
                return diag_error(diag, at, -EINVAL, "NUL byte");
        }

        return read_all(&r, text, size);
}
