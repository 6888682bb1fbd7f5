/* Key types of [Unit] and [Install] that no other section has: paths of the host, statuses, instances. */
#include <ctype.h>
#include <stdio.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

int key_host_path_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char *path;
        int r;

        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;
        r = key_absolute_path(in, text, in->at, &path);
        if (r < 0)
                return r;

        key_set_text(field, path);
        return 0;
}

int key_paths_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                autofree char *path = NULL;
                int r;

                r = key_absolute_path(in, words[i].text, words[i].at, &path);
                if (r == 0 && !strv_contains(*(char ***) field, path))
                        r = strv_add(field, path);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

int key_status_parse(const KeyInput *in, void *field) {
        uint64_t n;

        if (parse_unsigned(in->text, 255, &n) < 0)
                return diag_error(in->diag, in->at, -EINVAL, "%s=: \"%s\" is not a number from 0 to 255",
                                  in->key, in->text);
        *(int *) field = (int) n;
        return 0;
}

char *key_status_format(const void *field) {
        int n = *(const int *) field;
        return n < 0 ? strdup("") : key_format_text("%d", n);
}

void key_status_clear(void *field) {
        *(int *) field = -1;
}

int key_instance_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        int r;

        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;
        for (const char *p = text; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr(":-_.\\@", *p))
                        return diag_error(in->diag, where_advance(in->at, (size_t) (p - text)), -EINVAL,
                                          "%s=: an instance is made of letters, digits and \":-_.\\@\"",
                                          in->key);

        key_set_text(field, take_ptr(text));
        return 0;
}
