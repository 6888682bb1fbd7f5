/* Key types of images and builds: files and directories of the host, build secrets. */
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

int key_local_path_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char **path = field, *whole;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = key_host_path(in, text, at, "path", &whole);
        if (r < 0)
                return r;

        free(*path);
        *path = whole;
        return 0;
}

bool build_is_url(const char *text) {
        static const char *const schemes[] = { "http://", "https://", "git://", "git@", "ssh://" };

        for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
                if (startswith(text, schemes[i]))
                        return true;
        return startswith(text, "github.com/") != NULL;
}

int key_local_paths_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                char *path;
                int r;

                r = build_is_url(words[i].text)
                            ? 0
                            : key_host_path(in, words[i].text, words[i].at, "file", &path);
                if (r == 0)
                        r = build_is_url(words[i].text) ? strv_add(field, words[i].text)
                                                        : strv_take(field, path);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

/* A relative path stays one: it begins at the directory of the build, which SetWorkingDirectory= names. */
int key_build_file_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char **file = field;
        int r;

        r = key_unquote(in, &text, NULL);
        if (r < 0)
                return r;

        free(*file);
        *file = take_ptr(text);
        return 0;
}

int key_build_context_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char **context = field;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        if (!streq(text, "file") && !streq(text, "unit") && !build_is_url(text)) {
                char *path;

                r = key_host_path(in, text, at, "directory", &path);
                if (r < 0)
                        return r;
                free(text);
                text = path;
        }

        free(*context);
        *context = take_ptr(text);
        return 0;
}

/* One "id=NAME,src=PATH" (podman-build(1), --secret). */
static int check_secret(const KeyInput *in, const Word *word) {
        static const char *const names[] = { "id", "src", "source", "env", "type", NULL };
        autostrv char **options = NULL;
        bool id = false;
        size_t at = 0;
        int r;

        r = strv_split(word->text, ",", &options);
        if (r < 0)
                return r;

        STRV_FOREACH (o, options) {
                char *equals = strchr(*o, '=');
                Where here = where_advance(word->at, at);

                at += strlen(*o) + 1;
                if (!equals)
                        return diag_error(in->diag, here, -EINVAL,
                                          "%s=: \"%s\" is not of the form NAME=VALUE", in->key, *o);
                *equals = '\0';
                if (!strv_contains((char **) names, *o)) {
                        (void) diag_error(in->diag, here, -EINVAL, "%s=: unknown option \"%s\"", in->key, *o);
                        diag_did_you_mean(in->diag, *o, names);
                        return -EINVAL;
                }
                id = id || (streq(*o, "id") && equals[1]);
        }
        return id ? 0
                  : diag_error(in->diag, word->at, -EINVAL, "%s=: \"%s\" has no id=NAME", in->key,
                               word->text);
}

int key_build_secrets_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                int r;

                r = check_secret(in, &words[i]);
                if (r == 0)
                        r = strv_add(field, words[i].text);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}
