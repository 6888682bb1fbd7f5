/*
 * Options of nsunitd.conf: their types, defaults and checks over several of them. How the text is cut
 * into options is conf-text.c's affair.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "basic/capability.h"
#include "basic/file.h"
#include "basic/macro.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "build-config.h"
#include "config/conf-text.h"
#include "config/manager-config.h"

#define FILE_MAX_BYTES ((size_t) 1024 * 1024)

ENUM_DEFINE(LogTarget, log_target, LOG_TARGET, LOG_TARGET_LIST)

/* C type of a field of each type, for the check below. */
#define CONF_TYPE(id, ctype, syntax, flags) typedef ctype ConfField_##id;
#include "config/conf-types.def"
#undef CONF_TYPE

static int path_parse(const char *s, void *field) {
        char **p = field, *copy;

        if (!path_is_absolute_clean(s) || streq(s, "/"))
                return -EINVAL;
        copy = strdup(s);
        if (!copy)
                return -ENOMEM;

        free(*p);
        *p = path_normalize(copy);
        return 0;
}

static int link_parse(const char *s, void *field) {
        char **p = field, *copy;
        size_t n = strlen(s);

        if (n == 0 || n >= IFNAMSIZ || s[0] == '.' || s[strcspn(s, "/: \t\n\r%")] != '\0')
                return -EINVAL;
        copy = strdup(s);
        if (!copy)
                return -ENOMEM;

        free(*p);
        *p = copy;
        return 0;
}

static int prefix_parse(const char *s, int family, unsigned bits_max, InetPrefix *p) {
        InetPrefix v;

        if (inet_parse_prefix(s, &v) < 0 || v.address.family != family || v.bits > bits_max || v.bits == 0)
                return -EINVAL;
        *p = inet_prefix_network(&v);
        return 0;
}

static int prefix4_parse(const char *s, void *field) {
        /* At least a bridge and a container, beside the two addresses that no one can have. */
        return prefix_parse(s, AF_INET, 30, field);
}

static int prefix6_parse(const char *s, void *field) {
        return prefix_parse(s, AF_INET6, 64, field);
}

static int boolean_parse(const char *s, void *field) {
        return parse_bool(s, field);
}

static int id_parse(const char *s, void *field) {
        /* 2^32 - 1 is "no id" to the kernel, and id 0 is never to be given away. */
        return parse_u32_range(s, 1, UINT32_MAX - 1, field);
}

static int size_parse(const char *s, void *field) {
        uint64_t v;
        int r = parse_size(s, &v);

        if (r < 0 || v == 0)
                return -EINVAL;
        *(uint64_t *) field = v;
        return 0;
}

static int span_parse(const char *s, void *field) {
        return parse_span(s, field);
}

static int count_parse(const char *s, void *field) {
        return parse_u32_range(s, 0, INT32_MAX, field);
}

static int spares_parse(const char *s, void *field) {
        return parse_u32_range(s, 0, 256, field);
}

static int capabilities_parse(const char *s, void *field) {
        int n = capability_from_name(s);

        if (strcasecmp(s, "none") == 0)
                return 0;
        if (strcasecmp(s, "all") == 0) {
                *(uint64_t *) field = capability_all();
                return 0;
        }
        if (n < 0)
                return n;
        *(uint64_t *) field |= UINT64_C(1) << n;
        return 0;
}

/* What is put before a name and a slash: a host as images' names begin with, told from a path by its dot, its
 * port, or being "localhost", and perhaps a path. */
static int registries_parse(const char *s, void *field) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
        size_t host = strcspn(s, "/"), name = strspn(s, allowed);
        size_t port = s[name] == ':' ? 1 + strspn(s + name + 1, "0123456789") : 0;

        if (strcasecmp(s, "none") == 0)
                return 0;
        if (host == 0 || name + port != host || port == 1 || s[strlen(s) - 1] == '/' ||
            s[host + strspn(s + host, "/abcdefghijklmnopqrstuvwxyz0123456789.-_")] != '\0' || strstr(s, "//"))
                return -EINVAL;
        if (!memchr(s, '.', host) && port == 0 &&
            (host != strlen("localhost") || !startswith(s, "localhost")))
                return -EINVAL;
        return strv_add(field, s);
}

static int target_parse(const char *s, void *field) {
        LogTarget v = log_target_from_string(s);

        if (v < 0)
                return -EINVAL;
        *(LogTarget *) field = v;
        return 0;
}

enum {
        CONF_TEXT = 1 << 0,  /* the field is a char * to free */
        CONF_LIST = 1 << 1,  /* the field is a mask of bits, to which parse() adds ... */
        CONF_TEXTS = 1 << 2, /* ... or a vector of texts */
};

typedef struct ConfType {
        const char *syntax;
        int (*parse)(const char *s, void *field);
        unsigned flags;
} ConfType;

#define CONF_TYPE(id, ctype, syntax, flags) static const ConfType type_##id = { syntax, id##_parse, flags };
#include "config/conf-types.def"
#undef CONF_TYPE

typedef struct Option {
        const char *section, *name, *fallback, *meaning;
        const ConfType *type;
        size_t offset;
} Option;

enum {
#define CONF(section, field, name, type, fallback, meaning) OPTION_##section##_##field,
#include "config/manager-config.def"
#undef CONF
        OPTION_N_,
};

/* An option whose type does not fit its field does not compile. */
#define CONF(section, field, name, type, fallback, meaning)                                           \
        _Static_assert(__builtin_types_compatible_p(__typeof__(((ManagerConfig *) 0)->section.field), \
                                                    ConfField_##type),                                \
                       #section "." #field ": type of the field and type of the option differ");
#include "config/manager-config.def"
#undef CONF

static const Option options[OPTION_N_] = {
#define CONF(section_, field_, name_, t_, fallback_, meaning_)      \
        {                                                           \
                .section = #section_,                               \
                .name = name_,                                      \
                .fallback = fallback_,                              \
                .meaning = meaning_,                                \
                .type = &type_##t_,                                 \
                .offset = offsetof(ManagerConfig, section_.field_), \
        },
#include "config/manager-config.def"
#undef CONF
};

bool manager_option_get(size_t i, ManagerOption *ret) {
        if (i >= OPTION_N_)
                return false;

        *ret = (ManagerOption){
                .section = options[i].section,
                .name = options[i].name,
                .syntax = options[i].type->syntax,
                .fallback = options[i].fallback,
                .meaning = options[i].meaning,
        };
        return true;
}

static void *field_of(ManagerConfig *c, const Option *o) {
        return (char *) c + o->offset;
}

void manager_config_free(ManagerConfig *c) {
        if (!c)
                return;

        for (size_t i = 0; i < OPTION_N_; i++)
                if (options[i].type->flags & CONF_TEXT)
                        free(*(char **) field_of(c, &options[i]));
                else if (options[i].type->flags & CONF_TEXTS)
                        strv_free(*(char ***) field_of(c, &options[i]));
        free(c->text);
        free(c);
}

static int set_default(ManagerConfig *c, const Option *o) {
        autostrv char **words = NULL;
        int r;

        if (!(o->type->flags & CONF_LIST))
                return o->type->parse(o->fallback, field_of(c, o));

        r = strv_split(o->fallback, " ", &words);
        STRV_FOREACH (w, words)
                if (r >= 0)
                        r = o->type->parse(*w, field_of(c, o));
        return r;
}

ManagerConfig *manager_config_new(void) {
        autoptr(ManagerConfig) c = calloc(1, sizeof(*c));

        if (!c)
                return NULL;

        /* A default that does not parse cannot get past the tests, so what is left is lack of memory. */
        for (size_t i = 0; i < OPTION_N_; i++)
                if (set_default(c, &options[i]) < 0)
                        return NULL;

        return take_ptr(c);
}

typedef struct Load {
        ManagerConfig *config;
        Diag *diag;
        Where at[OPTION_N_]; /* where each was set; line 0 when it was not */
        bool failed;
} Load;

static int on_option(size_t index, const char *value, Where at, void *data) {
        Load *l = data;
        const Option *o = &options[index];
        void *field = field_of(l->config, o);
        int r;

        /* The first value of a list replaces the default. */
        if (l->at[index].line == 0) {
                if (o->type->flags & CONF_TEXTS)
                        *(char ***) field = strv_free(*(char ***) field);
                else if (o->type->flags & CONF_LIST)
                        *(uint64_t *) field = 0;
        }
        l->at[index] = at;

        r = o->type->parse(value, field);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                l->failed = true;
                (void) diag_error(l->diag, at, r, "Bad value \"%s\" for \"%s\" in section \"%s\"", value,
                                  o->name, o->section);
                if (o->type == &type_capabilities && diag_nearest(value, capability_names()))
                        diag_did_you_mean(l->diag, value, capability_names());
                else
                        diag_hint(l->diag, "it is written as %s", o->type->syntax);
        }

        return 0;
}

/* The place of the first of two options that is set; one of them is, as the defaults fit together. */
static Where place_of(const Load *l, size_t a, size_t b) {
        return l->at[a].line > 0 ? l->at[a] : l->at[b];
}

static void refuse(Load *l, size_t a, size_t b, const char *message) {
        l->failed = true;
        (void) diag_error(l->diag, place_of(l, a, b), -EINVAL, "%s", message);
}

/* What a single option cannot know. */
static void check_whole(Load *l) {
        const ManagerConfig *c = l->config;

        if (c->users.first_id > c->users.last_id ||
            c->users.last_id - c->users.first_id < c->users.id_count - 1)
                refuse(l, OPTION_users_first_id, OPTION_users_last_id,
                       "There is not room for one container's ids between first-id and last-id");
        if (c->network.pool.bits > 24)
                refuse(l, OPTION_network_pool, OPTION_network_pool,
                       "The pool is smaller than one /24 network");
        if (inet_overlap(&c->network.subnet, &c->network.pool))
                refuse(l, OPTION_network_subnet, OPTION_network_pool, "subnet and pool share addresses");
        if (inet_overlap(&c->network.subnet6, &c->network.pool6))
                refuse(l, OPTION_network_subnet6, OPTION_network_pool6, "subnet6 and pool6 share addresses");
}

int manager_config_parse(const char *file, const char *text, size_t size, Diag *diag, ManagerConfig **ret) {
        autoptr(ManagerConfig) c = manager_config_new();
        Load l = { .config = c, .diag = diag };
        ConfName names[OPTION_N_];
        int r;

        if (!c)
                return -ENOMEM;

        for (size_t i = 0; i < OPTION_N_; i++)
                names[i] =
                        (ConfName){ options[i].section, options[i].name, options[i].type->flags & CONF_LIST };

        r = conf_text_parse(file, text, size, names, OPTION_N_, on_option, &l, diag);
        if (r < 0)
                return r;
        if (!l.failed)
                check_whole(&l);
        if (l.failed)
                return -EINVAL;

        *ret = take_ptr(c);
        return 0;
}

int manager_config_load(const char *path, Diag *diag, ManagerConfig **ret) {
        autofree char *text = NULL;
        size_t size, told;
        int r;

        if (!path)
                path = SYSCONFDIR "/nsunits/nsunitd.conf";

        r = file_read(AT_FDCWD, path, FILE_MAX_BYTES, &text, &size);
        if (r == -ENOENT)
                return manager_config_parse(path, "", 0, diag, ret);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return diag_error(diag, (Where){ .file = path }, r, "Cannot be read: %s", strerror(-r));

        told = diag_count(diag);
        r = manager_config_parse(path, text, size, diag, ret);
        if (r >= 0 && diag_count(diag) == told)
                (*ret)->text = take_ptr(text);
        return r;
}
