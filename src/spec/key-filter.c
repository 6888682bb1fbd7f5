/* Key types of what is hidden or forbidden by name: paths, system calls, address families. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/key-input.h"
#include "spec/key-types.h"

int key_seccomp_parse(const KeyInput *in, void *field) {
        autofree char *text = NULL;
        SeccompChoice *c = field;
        Where at;
        int r;

        r = key_unquote(in, &text, &at);
        if (r < 0)
                return r;

        key_seccomp_clear(c);
        c->unconfined = streq(text, "unconfined");
        return c->unconfined ? 0 : key_host_path(in, text, at, "profile", &c->path);
}

char *key_seccomp_format(const void *field) {
        const SeccompChoice *c = field;

        return strdup(c->unconfined ? "unconfined" : strempty(c->path));
}

void key_seccomp_clear(void *field) {
        SeccompChoice *c = field;

        free(c->path);
        *c = (SeccompChoice){};
}

/* "/a:/b" */
static int add_paths(const KeyInput *in, const Word *word, char ***list) {
        char *rest = word->text, *part;

        while ((part = strsep(&rest, ":"))) {
                Where at = where_advance(word->at, (size_t) (part - word->text));
                char *path = NULL;
                int r;

                r = *part ? key_container_path(in, part, at, &path) : 0;
                if (r == 0 && path && streq(path, "/"))
                        r = diag_error(in->diag, at, -EINVAL, "%s=: \"/\" cannot be hidden", in->key);
                if (r == 0 && path && !strv_contains(*list, path))
                        r = strv_take(list, take_ptr(path));
                free(path);
                if (r < 0)
                        return r;
        }
        return 0;
}

int key_hidden_paths_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                int r = add_paths(in, &words[i], field);

                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

char *key_hidden_paths_format(const void *field) {
        return words_join(*(char *const *const *) field);
}

void key_hidden_paths_clear(void *field) {
        char ***v = field;

        *v = strv_free(*v);
}

int key_unmask_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        UnmaskChoice *c = field;
        int n;

        n = key_split(in, WORDS_QUOTES | WORDS_ESCAPES, &words);
        for (int i = 0; i < n; i++) {
                int r = 0;

                if (strcasecmp(words[i].text, "all") == 0)
                        c->all = true;
                else
                        r = add_paths(in, &words[i], &c->paths);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

char *key_unmask_format(const void *field) {
        const UnmaskChoice *c = field;

        char **words = NULL;
        int r;

        r = c->all ? strv_add(&words, "ALL") : 0;
        if (r == 0)
                r = strv_add_all(&words, c->paths);
        return key_join_take(words, r);
}

void key_unmask_clear(void *field) {
        UnmaskChoice *c = field;

        strv_free(c->paths);
        *c = (UnmaskChoice){};
}

/* The name of a call, or of a group of systemd's: whether the kernel has it is known where the filter is
 * made. */
static bool is_call(const char *name) {
        return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

static int move_name(char ***from, char ***to, const char *name) {
        strv_remove(*from, name);
        if (*from && !**from)
                *from = strv_free(*from);
        return strv_contains(*to, name) ? 0 : strv_add(to, name);
}

/* "~" before the first word turns the line round, as in systemd.exec(5). */
int key_system_calls_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        SystemCallChoice *c = field;
        bool deny = false;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        for (int i = 0; i < n; i++) {
                const char *name = words[i].text;
                int r;

                if (i == 0 && *name == '~') {
                        deny = true;
                        name++;
                }
                if (!*name)
                        continue;
                if (!is_call(*name == '@' ? name + 1 : name))
                        r = diag_error(in->diag, where_advance(words[i].at, (size_t) (name - words[i].text)),
                                       -EINVAL, "%s=: \"%s\" is not the name of a system call or of a @group",
                                       in->key, name);
                else
                        r = deny ? move_name(&c->allow, &c->deny, name)
                                 : move_name(&c->deny, &c->allow, name);
                if (r < 0)
                        return r;
        }
        return n < 0 ? n : 0;
}

/* One line cannot say both; the second half of it is then for a person to read. */
char *key_system_calls_format(const void *field) {
        const SystemCallChoice *c = field;
        char **words = NULL;
        int r;

        r = strv_add_all(&words, c->allow);
        for (size_t i = 0; r == 0 && c->deny && c->deny[i]; i++)
                r = strv_addf(&words, "%s%s", i == 0 ? "~" : "", c->deny[i]);
        return key_join_take(words, r);
}

void key_system_calls_clear(void *field) {
        SystemCallChoice *c = field;

        strv_free(c->allow);
        strv_free(c->deny);
        *c = (SystemCallChoice){};
}

/* address_families(7) */
static const struct {
        const char *name;
        int number;
} families[] = {
        { "AF_UNIX", AF_UNIX },
        { "AF_INET", AF_INET },
        { "AF_AX25", AF_AX25 },
        { "AF_IPX", AF_IPX },
        { "AF_APPLETALK", AF_APPLETALK },
        { "AF_NETROM", AF_NETROM },
        { "AF_BRIDGE", AF_BRIDGE },
        { "AF_ATMPVC", AF_ATMPVC },
        { "AF_X25", AF_X25 },
        { "AF_INET6", AF_INET6 },
        { "AF_ROSE", AF_ROSE },
        { "AF_KEY", AF_KEY },
        { "AF_NETLINK", AF_NETLINK },
        { "AF_PACKET", AF_PACKET },
        { "AF_ECONET", AF_ECONET },
        { "AF_ATMSVC", AF_ATMSVC },
        { "AF_RDS", AF_RDS },
        { "AF_IRDA", AF_IRDA },
        { "AF_PPPOX", AF_PPPOX },
        { "AF_LLC", AF_LLC },
        { "AF_IB", AF_IB },
        { "AF_MPLS", AF_MPLS },
        { "AF_CAN", AF_CAN },
        { "AF_TIPC", AF_TIPC },
        { "AF_BLUETOOTH", AF_BLUETOOTH },
        { "AF_IUCV", AF_IUCV },
        { "AF_RXRPC", AF_RXRPC },
        { "AF_ISDN", AF_ISDN },
        { "AF_PHONET", AF_PHONET },
        { "AF_IEEE802154", AF_IEEE802154 },
        { "AF_CAIF", AF_CAIF },
        { "AF_ALG", AF_ALG },
        { "AF_NFC", AF_NFC },
        { "AF_VSOCK", AF_VSOCK },
        { "AF_KCM", AF_KCM },
        { "AF_QIPCRTR", AF_QIPCRTR },
        { "AF_SMC", AF_SMC },
        { "AF_XDP", AF_XDP },
        { "AF_LOCAL", AF_LOCAL },
};

static int find_family(const KeyInput *in, const char *name, Where at) {
        const char *words[ELEMENTSOF(families) + 1] = {};

        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                if (streq(families[i].name, name))
                        return families[i].number;
                words[i] = families[i].name;
        }
        (void) diag_error(in->diag, at, -EINVAL, "%s=: \"%s\" is not an address family", in->key, name);
        diag_did_you_mean(in->diag, name, words);
        return -EINVAL;
}

/* The first line says whether families are allowed or denied; a later one of the other kind takes some back.
 */
int key_families_parse(const KeyInput *in, void *field) {
        autowords Word *words = NULL;
        FamilyChoice *c = field;
        bool deny = false;
        int n;

        n = key_split(in, WORDS_QUOTES, &words);
        if (n == 1 && streq(words[0].text, "none")) {
                *c = (FamilyChoice){ .set = true };
                return 0;
        }
        for (int i = 0; i < n; i++) {
                const char *name = words[i].text;
                int family;

                if (i == 0 && *name == '~') {
                        deny = true;
                        name++;
                }
                if (!c->set)
                        *c = (FamilyChoice){ .set = true, .deny = deny };
                if (!*name)
                        continue;
                family = find_family(in, name, where_advance(words[i].at, (size_t) (name - words[i].text)));
                if (family < 0)
                        return family;
                if (c->deny == deny)
                        c->families |= UINT64_C(1) << family;
                else
                        c->families &= ~(UINT64_C(1) << family);
        }
        return n < 0 ? n : 0;
}

char *key_families_format(const void *field) {
        const FamilyChoice *c = field;
        char **words = NULL;
        int r = 0;

        if (!c->set)
                return strdup("");
        if (c->families == 0)
                return strdup(c->deny ? "~" : "none");
        /* The last name is another one of the first. */
        for (size_t i = 0; i + 1 < ELEMENTSOF(families) && r == 0; i++)
                if (c->families >> families[i].number & 1)
                        r = strv_addf(&words, "%s%s", c->deny && !words ? "~" : "", families[i].name);
        return key_join_take(words, r);
}

void key_families_clear(void *field) {
        *(FamilyChoice *) field = (FamilyChoice){};
}
