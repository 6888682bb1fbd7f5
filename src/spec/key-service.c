/* Key types of [Service] that no other section has: two timeouts in one, signals, names in the cgroup tree.
 */
#include <ctype.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/parse.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

int key_timeouts_parse(const KeyInput *in, void *field) {
        ServiceTimeouts *t = field;
        int r;

        r = key_timeout_parse(in, &t->start);
        if (r < 0)
                return r;
        t->stop = t->start;
        return 0;
}

/* Nothing when the two differ. */
char *key_timeouts_format(const void *field) {
        const ServiceTimeouts *t = field;

        return t->start == t->stop ? key_timeout_format(&t->start) : strdup("");
}

void key_timeouts_clear(void *field) {
        *(ServiceTimeouts *) field = (ServiceTimeouts){ USEC_INFINITY, USEC_INFINITY };
}

/* Unlike StopSignal= of [Container], in capital letters only. */
int key_signal_name_parse(const KeyInput *in, void *field) {
        static const char *const common[] = { "SIGTERM", "SIGINT",   "SIGQUIT", "SIGHUP",  "SIGUSR1",
                                              "SIGUSR2", "SIGWINCH", "SIGKILL", "SIGABRT", NULL };

        if (parse_signal(in->text, field) < 0)
                return key_bad_word(in, in->text, in->at, "a signal, as in SIGTERM", common);
        return 0;
}

char *key_signal_name_format(const void *field) {
        return key_signal_format(field);
}

void key_signal_name_clear(void *field) {
        *(int *) field = 0;
}

/* "a-b.slice" lies in "a.slice", so that no part between two dashes may be empty; "-.slice" is the root. */
static bool is_slice(const char *name) {
        const char *suffix = endswith(name, ".slice");

        if (!suffix || suffix == name || strlen(name) >= UNIT_NAME_MAX)
                return false;
        if (streq(name, "-.slice"))
                return true;
        for (const char *p = name; p < suffix; p++) {
                if (!isalnum((unsigned char) *p) && !strchr(":-_.\\", *p))
                        return false;
                if (*p == '-' && (p == name || p + 1 == suffix || p[1] == '-'))
                        return false;
        }
        return true;
}

int key_slice_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        int r;

        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;
        if (!is_slice(text))
                return diag_error(in->diag, in->at, -EINVAL,
                                  "%s=: \"%s\" is not the name of a slice (NAME.slice)", in->key, text);
        key_set_text(field, take_ptr(text));
        return 0;
}

/* A directory of the cgroup tree; the kernel's own files have a dot in their names. */
int key_subgroup_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        int r;

        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;
        if (strchr(text, '/') || text[0] == '.' || startswith(text, "cgroup.") || strlen(text) > 255)
                return diag_error(in->diag, in->at, -EINVAL, "%s=: \"%s\" is not the name of a cgroup",
                                  in->key, text);
        key_set_text(field, take_ptr(text));
        return 0;
}
