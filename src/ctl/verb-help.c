/* nsctl version, help. */
#include <stdio.h>
#include <string.h>

#include "build-config.h"
#include "ctl/client.h"

int verb_version(Ctl *c, char **words) {
        autofree char *version = NULL;

        puts("nsctl " VERSION);
        if (client_open_quietly(c) == 0 &&
            sd_bus_get_property_string(c->bus, client_destination(c), BUS_PATH, BUS_MANAGER_INTERFACE,
                                       "Version", NULL, &version) >= 0)
                printf("nsunitd %s\n", version);
        return STATUS_OK;
}

static void help_verb(const Verb *v) {
        autofree char *left = NULL;

        if (asprintf(&left, "%s%s%s", v->name, v->arguments[0] ? " " : "", v->arguments) < 0) {
                left = NULL;
                return;
        }
        if (strlen(left) > 27)
                printf("  %s\n  %-27s %s\n", left, "", v->help);
        else
                printf("  %-27s %s\n", left, v->help);
}

int verb_help(Ctl *c, char **words) {
        const Verb *one = words[0] && words[1] ? verb_find(words[1]) : NULL;

        if (words[0] && words[1] && !one)
                return ctl_error("there is no verb \"%s\"", words[1]);
        if (one) {
                printf("Usage: nsctl %s [OPTION...] %s\n\n%s.\n", one->name, one->arguments, one->help);
                return STATUS_OK;
        }

        puts("Usage: nsctl [OPTION...] VERB [ARGUMENT...]\n\nControl containers and look at them. See "
             "nsctl(1).");
        for (size_t i = 0; i < n_verbs; i++)
                if (verbs[i].name)
                        help_verb(&verbs[i]);
                else
                        printf("\n%s:\n", verbs[i].help);
        puts("\nOptions:");
        options_help(stdout);
        return STATUS_OK;
}
