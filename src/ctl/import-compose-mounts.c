/* What a service of a Compose file has from the host: volumes, secrets, configs, devices. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "ctl/import-compose.h"

/* Source and options may be empty. Where Volume= would take a colon for its own, Mount= is written. */
static int put_volume(Conversion *c, const Doc *d, const char *source, const char *target,
                      const char *options) {
        autofree char *text = NULL;
        int n;

        if (strchr(source, ':') && source[0] == '/')
                n = asprintf(&text, "type=bind,source=%s,destination=%s%s%s", source, target,
                             *options ? "," : "", options);
        else
                n = asprintf(&text, "%s%s%s%s%s", source, *source ? ":" : "", target, *options ? ":" : "",
                             options);
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return startswith(text, "type=")
                       ? import_put(c, d, unit_text_word(c->unit, PART_OWN, "Mount", d->at, text))
                       : import_put(c, d, unit_text_value(c->unit, PART_OWN, "Volume", d->at, text));
}

/* A volume of the file by its unit, one that is made elsewhere by its name. */
static int put_named(Conversion *c, const Doc *d, const char *name, const char *target, const char *options) {
        autofree char *unit = NULL;
        const Doc *definition;
        const char *external;
        int r;

        r = compose_definition(c->source, "volumes", name, d, &definition);
        if (r < 0)
                return r;
        if (compose_is_external(definition, name, &external))
                return put_volume(c, d, external, target, options);
        if (asprintf(&unit, "%s.volume", name) < 0) {
                unit = NULL;
                return -ENOMEM;
        }
        return put_volume(c, d, unit, target, options);
}

static bool is_path(const char *s) {
        return s[0] == '/' || s[0] == '.' || s[0] == '~';
}

static int put_source(Conversion *c, const Doc *d, const char *source, const char *target,
                      const char *options) {
        autofree char *path = NULL;
        int r;

        if (!is_path(source))
                return put_named(c, d, source, target, options);
        r = import_path(c->import, source, &path);
        return r < 0 ? r : put_volume(c, d, path, target, options);
}

/* "[SOURCE:]TARGET[:OPTIONS]" */
static int put_short(Conversion *c, const Doc *d) {
        autofree char *text = strdup(d->text);
        char *rest = text, *source, *target;

        if (!text)
                return -ENOMEM;
        source = strsep(&rest, ":");
        target = strsep(&rest, ":");
        if (!target)
                return put_volume(c, d, "", source, "");
        if (!*source || !*target)
                return import_error(c->import, d, "\"%s\" is not of the form [SOURCE:]TARGET[:OPTIONS]",
                                    d->text);
        return put_source(c, d, source, target, strempty(rest));
}

static int add_option(char ***options, const char *word, const char *value) {
        if (!value || streq(value, "false"))
                return 0;
        return streq(value, "true") ? strv_add(options, word) : strv_addf(options, "%s%s", word, value);
}

static int put_tmpfs(Conversion *c, const Doc *d, const char *target) {
        const char *size = doc_text(d, "tmpfs.size"), *mode = doc_text(d, "tmpfs.mode");
        autostrv char **options = NULL;
        autofree char *joined = NULL, *text = NULL;
        int r;

        r = add_option(&options, "ro", doc_text(d, "read_only"));
        if (r == 0)
                r = add_option(&options, "size=", size);
        /* YAML's octal numbers begin with 0 or 0o. */
        if (r == 0)
                r = add_option(&options, "mode=", mode && startswith(mode, "0o") ? mode + 2 : mode);
        if (r < 0)
                return r;
        joined = options ? strv_join(options, ",") : strdup("");
        if (!joined || asprintf(&text, "%s%s%s", target, *joined ? ":" : "", joined) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, d, unit_text_value(c->unit, PART_OWN, "Tmpfs", d->at, text));
}

/* What the long form can say and Volume= cannot. */
static int note_rest(Conversion *c, const Doc *d) {
        static const char *const lost[] = { "volume.subpath", "volume.labels", "image.subpath",
                                            "bind.recursive" };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(lost) && r == 0; i++)
                if (doc_find(d, lost[i]))
                        r = import_note(c, doc_find(d, lost[i]), "there is no option for it");
        return r;
}

static int put_long(Conversion *c, const Doc *d) {
        const char *type = doc_text(d, "type") ?: "volume", *target = doc_text(d, "target");
        const char *source = doc_text(d, "source"), *selinux = doc_text(d, "bind.selinux");
        autostrv char **options = NULL;
        autofree char *joined = NULL, *path = NULL;
        int r;

        if (!target)
                return import_error(c->import, d, "target is missing");
        if (streq(type, "tmpfs"))
                return put_tmpfs(c, d, target);
        if (!streq(type, "bind") && !streq(type, "volume"))
                return import_note(c, d, "a mount of type %s has no equal", type);

        r = add_option(&options, "ro", doc_text(d, "read_only"));
        if (r == 0)
                r = add_option(&options, "nocopy", doc_text(d, "volume.nocopy"));
        if (r == 0)
                r = add_option(&options, "", doc_text(d, "bind.propagation"));
        if (r == 0)
                r = add_option(&options, "", selinux);
        if (r == 0)
                r = note_rest(c, d);
        if (r < 0)
                return r;
        joined = options ? strv_join(options, ",") : strdup("");
        if (!joined)
                return -ENOMEM;

        if (streq(type, "volume"))
                return source ? put_named(c, d, source, target, joined)
                              : put_volume(c, d, "", target, joined);
        if (!source)
                return import_error(c->import, d, "source is missing");
        r = import_path(c->import, source, &path);
        return r < 0 ? r : put_volume(c, d, path, target, joined);
}

static int for_each(Conversion *c, const Doc *value, int (*on_text)(Conversion *, const Doc *),
                    int (*on_map)(Conversion *, const Doc *)) {
        int r = 0;

        if (value->kind != DOC_LIST)
                return import_wrong_kind(c->import, value, "a list");
        for (size_t i = 0; i < value->n && r == 0; i++) {
                const Doc *d = value->children[i];

                r = d->kind == DOC_TEXT  ? on_text(c, d)
                    : d->kind == DOC_MAP ? on_map(c, d)
                                         : import_wrong_kind(c->import, d, "a text or a map");
        }
        return r;
}

int compose_volumes(Conversion *c, const Doc *value) {
        return for_each(c, value, put_short, put_long);
}

/* Compose mounts the file of a secret or a config, read-only; what is made elsewhere is known by its name. */
static int put_file(Conversion *c, const Doc *d, const char *kind, const char *name, const char *target) {
        const bool secret = streq(kind, "secrets");
        autofree char *path = NULL, *place = NULL, *text = NULL;
        const char *file, *external, *variable;
        const Doc *definition;
        int r;

        r = compose_definition(c->source, kind, name, d, &definition);
        if (r < 0)
                return r;
        file = doc_text(definition, "file");
        variable = doc_text(definition, "environment");
        if (asprintf(&place, "%s%s", target[0] == '/' ? "" : secret ? "/run/secrets/" : "/", target) < 0) {
                place = NULL;
                return -ENOMEM;
        }
        if (file) {
                r = import_path(c->import, file, &path);
                return r < 0 ? r : put_volume(c, d, path, place, "ro");
        }

        if (!secret)
                return import_note(c, d, "only a config that is a file can be mounted");
        if (!compose_is_external(definition, name, &external) && !variable)
                return import_error(c->import, definition, "a secret is a file, a variable, or external");
        if (asprintf(&text, "%s,type=mount,target=%s", external, place) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        if (variable)
                r = import_note(c, d, "a secret \"%s\" with the value of the variable %s has to be made",
                                name, variable);
        return r < 0 ? r : import_put(c, d, unit_text_word(c->unit, PART_OWN, "Secret", d->at, text));
}

static int put_short_file(Conversion *c, const Doc *d) {
        return put_file(c, d, c->row->path, d->text, d->text);
}

static int put_long_file(Conversion *c, const Doc *d) {
        static const char *const lost[] = { "uid", "gid", "mode" };
        const char *source = doc_text(d, "source"), *target = doc_text(d, "target") ?: source;
        int r;

        if (!source)
                return import_error(c->import, d, "source is missing");
        r = put_file(c, d, c->row->path, source, target);
        for (size_t i = 0; i < ELEMENTSOF(lost) && r == 0; i++)
                if (doc_find(d, lost[i]))
                        r = import_note(c, doc_find(d, lost[i]), "a mounted file keeps its owner and mode");
        return r;
}

int compose_secrets(Conversion *c, const Doc *value) {
        return for_each(c, value, put_short_file, put_long_file);
}

int compose_configs(Conversion *c, const Doc *value) {
        return for_each(c, value, put_short_file, put_long_file);
}

static int put_device(Conversion *c, const Doc *d) {
        if (d->text[0] != '/')
                return import_note(c, d, "AddDevice= takes the path of a device");
        return import_put(c, d, unit_text_plain_word(c->unit, PART_OWN, "AddDevice", d->at, d->text));
}

static int put_long_device(Conversion *c, const Doc *d) {
        const char *source = doc_text(d, "source"), *target = doc_text(d, "target");
        const char *permissions = doc_text(d, "permissions");
        autofree char *text = NULL;

        if (!source)
                return import_error(c->import, d, "source is missing");
        if (asprintf(&text, "%s%s%s%s%s", source, target || permissions ? ":" : "",
                     target        ? target
                     : permissions ? source
                                   : "",
                     permissions ? ":" : "", strempty(permissions)) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, d, unit_text_plain_word(c->unit, PART_OWN, "AddDevice", d->at, text));
}

int compose_devices(Conversion *c, const Doc *value) {
        return for_each(c, value, put_device, put_long_device);
}

static int put_env_file(Conversion *c, const Doc *d, const char *file, bool optional) {
        autofree char *path = NULL, *text = NULL;
        int r;

        r = import_path(c->import, file, &path);
        if (r < 0)
                return r;
        if (asprintf(&text, "%s%s", optional ? "-" : "", path) < 0) {
                text = NULL;
                return -ENOMEM;
        }
        return import_put(c, d, unit_text_word(c->unit, PART_OWN, "EnvironmentFile", d->at, text));
}

static int put_short_env_file(Conversion *c, const Doc *d) {
        return put_env_file(c, d, d->text, false);
}

static int put_long_env_file(Conversion *c, const Doc *d) {
        const char *path = doc_text(d, "path"), *required = doc_text(d, "required");

        if (!path)
                return import_error(c->import, d, "path is missing");
        return put_env_file(c, d, path, required && streq(required, "false"));
}

int compose_env_file(Conversion *c, const Doc *value) {
        return value->kind == DOC_TEXT ? put_short_env_file(c, value)
                                       : for_each(c, value, put_short_env_file, put_long_env_file);
}
