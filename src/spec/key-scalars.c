/* Key types of one value: switches, texts, numbers, time spans, sizes, words of a list. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

#define WORD_ONLY_(id, word) word,

static const char *const boolean_words[] = { "yes", "no", "true", "false", "on", "off", "1", "0", NULL };

static int parse_boolean(const KeyInput *in, bool *ret) {
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        return parse_bool(text, ret) < 0 ? key_bad_word(in, text, at, "yes | no", boolean_words) : 0;
}

int key_bool_parse(const KeyInput *in, void *field) {
        return parse_boolean(in, field);
}

char *key_bool_format(const void *field) {
        return strdup(*(const bool *) field ? "yes" : "no");
}

void key_bool_clear(void *field) {
        *(bool *) field = false;
}

int key_toggle_parse(const KeyInput *in, void *field) {
        bool on;
        int r;

        r = parse_boolean(in, &on);
        if (r < 0)
                return r;

        *(Toggle *) field = on ? TOGGLE_ON : TOGGLE_OFF;
        return 0;
}

char *key_toggle_format(const void *field) {
        Toggle t = *(const Toggle *) field;

        return strdup(t == TOGGLE_UNSET ? "" : t == TOGGLE_ON ? "yes" : "no");
}

void key_toggle_clear(void *field) {
        *(Toggle *) field = TOGGLE_UNSET;
}

static void set_text(char **field, char *text) {
        free(*field);
        *field = text;
}

int key_text_parse(const KeyInput *in, void *field) {
        char *text;
        int r;

        r = key_expand(in, in->text, in->at, &text);
        if (r < 0)
                return r;

        set_text(field, text);
        return 0;
}

char *key_text_format(const void *field) {
        return strdup(strempty(*(char *const *) field));
}

void key_text_clear(void *field) {
        set_text(field, NULL);
}

int key_word_parse(const KeyInput *in, void *field) {
        char *text;
        int r;

        r = key_unquote(in, &text, NULL);
        if (r < 0)
                return r;

        set_text(field, text);
        return 0;
}

/* Names of containers, hosts, volumes and networks become parts of paths and of other names. */
int key_name_parse(const KeyInput *in, void *field) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
        autofree char *text = NULL;
        Where at;
        size_t n;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        n = strspn(text, allowed);
        if (text[n])
                return diag_error(in->diag, where_advance(at, n), -EINVAL,
                                  "%s=: a name is made of letters, digits, \"_\", \".\" and \"-\"", in->key);
        if (n == 0 || n > 253 || strchr(".-", text[0]))
                return diag_error(in->diag, at, -EINVAL,
                                  "%s=: a name begins with a letter, a digit or \"_\" and has 253 at most",
                                  in->key);

        set_text(field, take_ptr(text));
        return 0;
}

int key_path_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        char *path;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = key_container_path(in, text, at, &path);
        if (r < 0)
                return r;

        set_text(field, path);
        return 0;
}

int key_number_parse(const KeyInput *in, void *field) {
        uint64_t n;
        int r;

        r = parse_unsigned(in->text, UINT32_MAX, &n);
        if (r < 0)
                return key_bad_form(in, in->text, in->at, r, "NUMBER");

        *(unsigned *) field = (unsigned) n;
        return 0;
}

char *key_number_format(const void *field) {
        return key_format_u64(*(const unsigned *) field);
}

void key_number_clear(void *field) {
        *(unsigned *) field = 0;
}

int key_span_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = parse_span(text, field);
        return r < 0 ? key_bad_form(in, text, at, r, key_type_span.syntax) : 0;
}

char *key_span_format(const void *field) {
        return format_span(*(const usec_t *) field);
}

void key_span_clear(void *field) {
        *(usec_t *) field = 0;
}

/* 0 is no limit either, as for systemd's TimeoutStartSec=. */
int key_timeout_parse(const KeyInput *in, void *field) {
        usec_t *t = field;
        int r;

        r = key_span_parse(in, t);
        if (r < 0)
                return r;
        if (*t == 0)
                *t = USEC_INFINITY;
        return 0;
}

char *key_timeout_format(const void *field) {
        return key_span_format(field);
}

void key_timeout_clear(void *field) {
        *(usec_t *) field = USEC_INFINITY;
}

int key_bytes_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        r = key_size(text, field);
        return r < 0 ? key_bad_form(in, text, at, r, key_type_bytes.syntax) : 0;
}

char *key_bytes_format(const void *field) {
        return key_format_u64(*(const uint64_t *) field);
}

void key_bytes_clear(void *field) {
        *(uint64_t *) field = 0;
}

/* A part of what this machine has, in whole pages as systemd counts. */
static int part_of_memory(uint32_t permyriad, uint64_t *ret) {
        const uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
        struct sysinfo info = {};

        if (sysinfo(&info) < 0)
                return -errno;
        *ret = (uint64_t) info.totalram * info.mem_unit / page * permyriad / 10000 * page;
        return 0;
}

static int parse_memory(const KeyInput *in, uint64_t *ret) {
        uint32_t permyriad;
        uint64_t bytes = 0;
        int r;

        r = parse_permyriad(in->text, &permyriad);
        if (r == 0)
                r = permyriad > 10000 ? -ERANGE : part_of_memory(permyriad, &bytes);
        else
                r = parse_size(in->text, &bytes);
        if (r == 0 && bytes == UINT64_MAX && !streq(in->text, "infinity"))
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, in->text, in->at, r, key_type_memory.syntax);

        *ret = bytes;
        return 0;
}

int key_memory_parse(const KeyInput *in, void *field) {
        uint64_t bytes = 0;
        int r;

        r = parse_memory(in, &bytes);
        if (r < 0)
                return r;
        if (bytes == 0)
                return diag_error(in->diag, in->at, -EINVAL, "%s=: nothing runs in no memory", in->key);

        *(uint64_t *) field = bytes;
        return 0;
}

int key_memory_any_parse(const KeyInput *in, void *field) {
        return parse_memory(in, field);
}

char *key_memory_any_format(const void *field) {
        return key_format_u64(*(const uint64_t *) field);
}

void key_memory_any_clear(void *field) {
        *(uint64_t *) field = UINT64_MAX;
}

char *key_memory_format(const void *field) {
        return key_format_u64(*(const uint64_t *) field);
}

void key_memory_clear(void *field) {
        *(uint64_t *) field = UINT64_MAX;
}

int key_weight_parse(const KeyInput *in, void *field) {
        uint64_t n;
        int r;

        r = parse_unsigned(in->text, 10000, &n);
        if (r == 0 && n == 0)
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, in->text, in->at, r, key_type_weight.syntax);

        *(uint64_t *) field = n;
        return 0;
}

char *key_weight_format(const void *field) {
        uint64_t n = *(const uint64_t *) field;

        return n == UINT64_MAX ? strdup("") : key_format_u64(n);
}

void key_weight_clear(void *field) {
        *(uint64_t *) field = UINT64_MAX;
}

/* One percent of a processor is 10 ms of each second. */
int key_quota_parse(const KeyInput *in, void *field) {
        uint32_t permyriad;
        int r;

        r = parse_permyriad(in->text, &permyriad);
        if (r < 0 || permyriad == 0)
                return key_bad_form(in, in->text, in->at, r < 0 ? r : -ERANGE, key_type_quota.syntax);

        *(uint64_t *) field = (uint64_t) permyriad * 100;
        return 0;
}

char *key_quota_format(const void *field) {
        uint64_t usec = *(const uint64_t *) field;
        char *text;

        if (usec == UINT64_MAX)
                return strdup("");
        return asprintf(&text, usec % 10000 ? "%g%%" : "%.0f%%", (double) usec / 10000) < 0 ? NULL : text;
}

void key_quota_clear(void *field) {
        *(uint64_t *) field = UINT64_MAX;
}

/* How many processes and threads this machine can have. */
static uint64_t tasks_of_machine(void) {
        static const char *const limits[] = { "/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max" };
        uint64_t least = UINT64_MAX;

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                autofree char *line = NULL;
                uint64_t n;

                /* Process 0 counts among the numbers and not among the processes. */
                if (file_read_line(AT_FDCWD, limits[i], &line) == 0 && parse_u64(line, &n) == 0 && n > 0)
                        least = MIN_OF(least, n - (i == 0));
        }
        return least;
}

int key_tasks_parse(const KeyInput *in, void *field) {
        uint64_t n = UINT64_MAX;
        uint32_t permyriad;
        int r;

        r = parse_permyriad(in->text, &permyriad);
        if (r == 0)
                n = permyriad > 10000
                            ? 0
                            : (uint64_t) ((unsigned __int128) tasks_of_machine() * permyriad / 10000);
        else
                r = streq(in->text, "infinity") ? 0 : parse_unsigned(in->text, UINT64_MAX - 1, &n);
        if (r == 0 && n == 0)
                r = -ERANGE;
        if (r < 0)
                return key_bad_form(in, in->text, in->at, r, key_type_tasks.syntax);

        *(uint64_t *) field = n;
        return 0;
}

char *key_tasks_format(const void *field) {
        return key_format_u64(*(const uint64_t *) field);
}

void key_tasks_clear(void *field) {
        *(uint64_t *) field = UINT64_MAX;
}

int key_signal_parse(const KeyInput *in, void *field) {
        static const char *const common[] = { "SIGTERM", "SIGINT",   "SIGQUIT", "SIGHUP", "SIGUSR1",
                                              "SIGUSR2", "SIGWINCH", "SIGKILL", NULL };
        autofree char *text = NULL;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;
        for (char *p = text; *p; p++)
                if (*p >= 'a' && *p <= 'z')
                        *p = (char) (*p - 'a' + 'A');
        if (parse_signal(text, field) < 0)
                return key_bad_word(in, text, at, "a signal, as in SIGTERM", common);
        return 0;
}

char *key_signal_format(const void *field) {
        int sig = *(const int *) field;

        return strdup(sig == 0 ? "" : signal_to_name(sig));
}

void key_signal_clear(void *field) {
        *(int *) field = 0;
}

int key_service_type_parse(const KeyInput *in, void *field) {
        static const char *const words[] = { SERVICE_TYPE_LIST(WORD_ONLY_) NULL };
        static const char *const others[][2] = {
                { "forking", "a program that stays in the foreground needs Type=exec or Type=notify" },
                { "dbus", "Type=notify or Type=healthy tells when the program is ready" },
                { "idle", "Type=exec starts it without waiting for other jobs" },
        };
        ServiceType type = service_type_from_string(in->text);

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                if (streq(others[i][0], in->text)) {
                        (void) diag_error(in->diag, in->at, -EINVAL, "%s=%s is not for containers", in->key,
                                          in->text);
                        diag_hint(in->diag, "%s", others[i][1]);
                        return -EINVAL;
                }
        if (type < 0)
                return key_bad_word(in, in->text, in->at, key_type_service_type.syntax, words);

        *(ServiceType *) field = type;
        return 0;
}

char *key_service_type_format(const void *field) {
        return strdup(strempty(service_type_to_string(*(const ServiceType *) field)));
}

void key_service_type_clear(void *field) {
        *(ServiceType *) field = SERVICE_EXEC;
}

int key_restart_parse(const KeyInput *in, void *field) {
        static const char *const words[] = { RESTART_LIST(WORD_ONLY_) NULL };
        RestartPolicy policy = restart_policy_from_string(in->text);

        /* Seen in many units that were made from Docker's: systemd leaves such a line out, and they run. */
        if (streq(in->text, "unless-stopped")) {
                diag_warning(in->diag, in->at,
                             "%s=: \"unless-stopped\" is a word of Docker's and no policy here: "
                             "nothing is started again",
                             in->key);
                diag_hint(in->diag, "what Docker calls unless-stopped is \"always\"");
                policy = RESTART_NO;
        } else if (policy < 0)
                return key_bad_word(in, in->text, in->at, key_type_restart.syntax, words);

        *(RestartPolicy *) field = policy;
        return 0;
}

char *key_restart_format(const void *field) {
        return strdup(strempty(restart_policy_to_string(*(const RestartPolicy *) field)));
}

void key_restart_clear(void *field) {
        *(RestartPolicy *) field = RESTART_NO;
}
