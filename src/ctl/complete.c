/* What a word of nsctl's command line may become: the completion's brain, in the program that has the lists.
 */
#include <string.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/unit-files.h"

static const char *const image_verbs[] = {
        "list", "pull", "import", "inspect", "tag", "rm", "prune", "export"
};
static const char *const import_sources[] = { "compose", "docker" };
static const char *const network_verbs[] = { "list", "inspect", "diff" };
static const char *const system_verbs[] = { "df", "check" };
static const char *const volume_verbs[] = { "list", "inspect", "rm", "prune", "export", "import" };

static void print_words(const char *const *words, size_t n) {
        for (size_t i = 0; i < n; i++)
                puts(words[i]);
}

/* A name as people type it: the kind of the commonest units may be left out. */
static void print_unit(const char *name) {
        const char *kind = endswith(name, ".container");

        puts(name);
        if (kind)
                printf("%.*s\n", (int) (kind - name), name);
}

static void print_running(Ctl *c) {
        autojson json_t *rows = NULL;

        if (client_open_quietly(c) < 0 || client_list_units(c, NULL, &rows) < 0)
                return;
        for (size_t i = 0; i < json_array_size(rows); i++)
                if (!streq(property_string(json_array_get(rows, i), "active"), "inactive"))
                        print_unit(property_string(json_array_get(rows, i), "unit"));
}

static void print_units(Ctl *c) {
        autostrv char **names = NULL;

        if (unit_files_list(true, &names) < 0)
                return;
        STRV_FOREACH (n, names)
                print_unit(*n);
}

/* Names in a list of the manager: the value of @key, a string or an array of them. */
static void print_names(Ctl *c, const char *method, const char *key) {
        autojson json_t *rows = NULL;

        if (client_open_quietly(c) < 0 || client_query_json(c, method, NULL, NULL, &rows) < 0)
                return;

        for (size_t i = 0; i < json_array_size(rows); i++) {
                const json_t *value = json_object_get(json_array_get(rows, i), key);

                if (json_is_string(value))
                        puts(json_string_value(value));
                for (size_t k = 0; k < json_array_size(value); k++)
                        puts(strempty(json_string_value(json_array_get(value, k))));
        }
}

static void print_arguments(Ctl *c, const Verb *verb, char *const *words, size_t n) {
        bool first = n == 2;

        switch (verb->completion) {
        case COMPLETE_NOTHING:
                break;
        case COMPLETE_UNITS:
                print_units(c);
                break;
        case COMPLETE_RUNNING:
                print_running(c);
                break;
        case COMPLETE_IMAGES:
                if (first)
                        print_words(image_verbs, ELEMENTSOF(image_verbs));
                else if (!streq(words[1], "import"))
                        print_names(c, "ListImages", "names");
                break;
        case COMPLETE_IMAGE:
                if (first)
                        print_names(c, "ListImages", "names");
                break;
        case COMPLETE_NETWORKS:
                if (first)
                        print_words(network_verbs, ELEMENTSOF(network_verbs));
                else
                        print_names(c, "ListNetworks", "name");
                break;
        case COMPLETE_VOLUMES:
                if (first)
                        print_words(volume_verbs, ELEMENTSOF(volume_verbs));
                else
                        print_names(c, "ListVolumes", "name");
                break;
        case COMPLETE_IMPORTS:
                if (first)
                        print_words(import_sources, ELEMENTSOF(import_sources));
                break;
        case COMPLETE_SYSTEM:
                if (first)
                        print_words(system_verbs, ELEMENTSOF(system_verbs));
                break;
        case COMPLETE_VERBS:
                for (size_t i = 0; i < n_verbs; i++)
                        if (verbs[i].name)
                                puts(verbs[i].name);
                break;
        }
}

int complete(Ctl *c, char **words) {
        autostrv char **plain = NULL;
        size_t n = strv_length(words);
        bool is_value = false;
        const Verb *verb;

        /* The last word is the one that is being typed. */
        for (size_t i = 0; i + 1 < n; i++) {
                bool is_option = !is_value && words[i][0] == '-';

                if (!is_value && !is_option && strv_add(&plain, words[i]) < 0)
                        return STATUS_FAILED;
                is_value = is_option && options_take_value(words[i]);
        }
        /* Nobody here knows what an option's value or a program's argument may be. */
        if (n == 0 || is_value ||
            (strv_length(plain) > 1 && (streq(plain[0], "exec") || streq(plain[0], "run"))))
                return STATUS_OK;
        if (words[n - 1][0] == '-') {
                options_words(stdout);
                return STATUS_OK;
        }

        if (strv_add(&plain, words[n - 1]) < 0)
                return STATUS_FAILED;
        verb = verb_find(strv_length(plain) > 1 ? plain[0] : "help");
        if (verb)
                print_arguments(c, verb, plain, strv_length(plain));
        return STATUS_OK;
}
