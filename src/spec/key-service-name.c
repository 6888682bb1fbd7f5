/* Key types of the names that systemd knows a unit by. */
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "basic/unit-name.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

/* systemd.unit(5): what the name of a unit is made of. */
int key_service_name_parse(const KeyInput *in, void *field) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\-@";
        autofree char *text = NULL;
        char **name = field;
        Where at;
        size_t n;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        n = strspn(text, allowed);
        if (text[n])
                return diag_error(in->diag, where_advance(at, n), -EINVAL,
                                  "%s=: the name of a service is made of letters, digits and :_.\\-@",
                                  in->key);
        if (n > UNIT_NAME_MAX - 1 - strlen(".service"))
                return diag_error(in->diag, at, -EINVAL, "%s=: the name is too long", in->key);
        if (endswith(text, ".service")) {
                diag_warning(in->diag, at, "%s=: the service will be called %s.service", in->key, text);
                diag_hint(in->diag, "the name is written without its suffix");
        }

        free(*name);
        *name = take_ptr(text);
        return 0;
}

/* Quadlet makes links at any path for these; systemd looks for names only. */
static int add_alias(const KeyInput *in, const Word *word, char ***list) {
        autofree char *name = NULL;
        const char *dot = strrchr(word->text, '.');
        int r;

        if (strchr(word->text, '/')) {
                diag_warning(in->diag, word->at, "%s=: \"%s\" is not the name of a service and is left out",
                             in->key, word->text);
                return 0;
        }

        r = dot && !endswith(word->text, ".service") && unit_name_kind(word->text) < 0
                    ? -EINVAL
                    : unit_name_complete(word->text, &name);
        if (r == -EINVAL)
                return diag_error(in->diag, word->at, r, "%s=: \"%s\" is not the name of a service", in->key,
                                  word->text);
        if (r < 0 || strv_contains(*list, name))
                return r;
        return strv_take(list, take_ptr(name));
}

int key_aliases_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                int r = add_alias(in, &words[i], field);

                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}
