/* nsctl system: what the store takes, and whether it is whole. */
#include <string.h>

#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/store.h"
#include "ctl/text.h"

static int system_df(Ctl *c, char **words) {
        static const Column columns[] = {
                { "TYPE", "type", 0 },
                { "COUNT", "count", COLUMN_RIGHT },
                { "ACTIVE", "active", COLUMN_RIGHT },
                { "SIZE", "size_bytes", COLUMN_BYTES },
                { "RECLAIMABLE", "reclaimable_bytes", COLUMN_BYTES },
        };

        if (words[0])
                return ctl_error("system df takes no argument");
        return store_list(c, "StoreUsage", columns, ELEMENTSOF(columns));
}

static const char *member(const json_t *j, const char *key) {
        return strempty(json_string_value(json_object_get(j, key)));
}

/* "layer sha256:...: it is missing (web:1, db:2)" */
static int print_problem(const json_t *j) {
        autostrv char **names = NULL;
        autofree char *joined = NULL;
        const json_t *name;
        size_t i;

        json_array_foreach(json_object_get(j, "images"), i,
                           name) if (strv_add(&names, strempty(json_string_value(name))) < 0) return -ENOMEM;
        joined = strv_join(names, ", ");
        if (!joined)
                return -ENOMEM;
        printf("%s sha256:%s: %s%s%s%s\n", member(j, "what"), member(j, "name"), member(j, "problem"),
               *joined ? " (" : "", joined, *joined ? ")" : "");
        return 0;
}

static int print_report(const Ctl *c, const json_t *report) {
        const json_t *problems = json_object_get(report, "problems"), *j;
        const size_t left = json_array_size(json_object_get(report, "leftovers"));
        char bytes[TEXT_MAX];
        size_t i;

        json_array_foreach(problems, i, j) if (print_problem(j) < 0) return ctl_errno(-ENOMEM,
                                                                                      "system check");
        json_array_foreach(json_object_get(report, "removed"), i, j)
                printf("image sha256:%s: removed\n", strempty(json_string_value(j)));

        if (c->options.quiet)
                return STATUS_OK;
        printf("%lld images, %lld layers, %s: %s\n",
               (long long) json_integer_value(json_object_get(report, "images")),
               (long long) json_integer_value(json_object_get(report, "layers")),
               text_bytes((uint64_t) json_integer_value(json_object_get(report, "bytes")), bytes),
               json_array_size(problems) > 0 ? "broken" : "whole");
        if (left > 0 && !c->options.repair)
                printf("%zu left over: nothing refers to them, they go at the next import, start or "
                       "--repair\n",
                       left);
        return STATUS_OK;
}

/* With --repair, too, the exit status tells what was found. */
static int system_check(Ctl *c, char **words) {
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autojson json_t *report = NULL;
        const char *text;
        int r;

        if (words[0])
                return ctl_error("system check takes no argument");
        if (client_open(c) < 0)
                return STATUS_FAILED;

        r = client_call(c, NULL, NULL, "CheckStore", &error, &reply, "b", (int) c->options.repair);
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_failure("system check", r, &error);
        report = json_loads(text, 0, NULL);
        if (!report)
                return ctl_error("system check: the answer is no JSON");

        r = c->options.json ? json_print(report) : print_report(c, report);
        if (r != STATUS_OK)
                return r;
        return json_array_size(json_object_get(report, "problems")) > 0 ? STATUS_FAILED : STATUS_OK;
}

int verb_system(Ctl *c, char **words) {
        if (streq(words[1], "df"))
                return system_df(c, words + 2);
        if (streq(words[1], "check"))
                return system_check(c, words + 2);
        return ctl_error("system %s: it is df or check", words[1]);
}
