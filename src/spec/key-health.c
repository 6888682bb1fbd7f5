/* Key types of health checks: the command, and how often it runs. */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

static int fill(const KeyInput *in, char *text, Where at, HealthCommand *c) {
        autostrv char **words = NULL;
        int r;

        c->set = true;
        if (strcasecmp(text, "none") == 0) {
                c->none = true;
                return 0;
        }

        if (text[0] == '[') {
                r = key_json_words(in, text, at, &words);
                if (r == 0)
                        r = health_command_take(words, c);
        } else if (strncasecmp(text, "CMD ", 4) == 0 || strncasecmp(text, "CMD-SHELL ", 10) == 0) {
                c->shell = toupper(text[3]) == '-';
                r = strv_add(&c->argv, text + strcspn(text, " ") + 1);
                if (r == 0 && !c->shell) {
                        c->argv = strv_free(c->argv);
                        r = strv_split(text + 4, " \t", &c->argv);
                }
        } else {
                c->shell = true;
                r = strv_add(&c->argv, text);
        }
        if (r == 0 && !c->none && (!c->argv || !c->argv[0][0] || (c->shell && c->argv[1])))
                return diag_error(in->diag, at, -EINVAL, "%s=: there is no command in it", in->key);
        return r;
}

int key_health_command_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        HealthCommand c = {};
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        r = fill(in, text, at, &c);
        if (r < 0) {
                key_health_command_clear(&c);
                return r;
        }
        key_health_command_clear(field);
        *(HealthCommand *) field = c;
        return 0;
}

/* A text that no pair of quotes surrounds by chance, and no first word. */
static bool is_plain(const char *text) {
        return !strchr("\"'[", text[0]) && strncasecmp(text, "CMD", 3) != 0 &&
               strcasecmp(text, "none") != 0 && !strchr(text, '\n');
}

char *key_health_command_format(const void *field) {
        const HealthCommand *c = field;
        json_t *array;
        char *text;

        if (!c->set || c->none)
                return strdup(c->none ? "none" : "");
        if (c->shell && is_plain(c->argv[0]))
                return strdup(c->argv[0]);

        array = json_array();
        if (c->shell)
                json_array_append_new(array, json_string("CMD-SHELL"));
        else if (strcasecmp(c->argv[0], "none") == 0 || strncasecmp(c->argv[0], "CMD", 3) == 0)
                json_array_append_new(array, json_string("CMD"));
        STRV_FOREACH (word, c->argv)
                json_array_append_new(array, json_string(*word));
        text = json_dumps(array, 0);
        json_decref(array);
        return text;
}

void key_health_command_clear(void *field) {
        HealthCommand *c = field;

        strv_free(c->argv);
        *c = (HealthCommand){};
}

int key_interval_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        usec_t t = USEC_INFINITY;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        r = streq(text, "disable") ? 0 : parse_span(text, &t);
        if (r == 0 && t == 0)
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, text, at, r, key_type_interval.syntax);
        *(usec_t *) field = t;
        return 0;
}

char *key_interval_format(const void *field) {
        usec_t t = *(const usec_t *) field;

        return t == USEC_INFINITY ? strdup("disable") : format_span(t);
}

void key_interval_clear(void *field) {
        *(usec_t *) field = USEC_INFINITY;
}
