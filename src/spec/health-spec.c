/* The health checks of a unit and of its image, taken together. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "basic/macro.h"
#include "basic/strv.h"
#include "spec/health-section.h"
#include "spec/spec-making.h"
#include "spec/unit-place.h"

/* dockerfile(5) HEALTHCHECK: what an image means that does not say. */
#define IMAGE_INTERVAL (30 * USEC_PER_SEC)
#define IMAGE_RETRIES  3

void health_spec_clear(HealthSpec *h) {
        probe_choice_clear(&h->probe);
        probe_choice_clear(&h->startup);
        free(h->log_destination);
        *h = (HealthSpec){};
}

int health_command_take(char *const *words, HealthCommand *c) {
        const char *how = words && words[0] ? words[0] : "";
        bool named = true;

        if (strcasecmp(how, "NONE") == 0)
                c->none = true;
        else if (strcasecmp(how, "CMD-SHELL") == 0)
                c->shell = true;
        else
                named = strcasecmp(how, "CMD") == 0;
        return c->none ? 0 : strv_add_all(&c->argv, words + named);
}

static int command_to_probe(const HealthCommand *c, ProbeChoice *ret) {
        int r = 0;

        if (c->none || !c->argv)
                return 0;
        ret->kind = PROBE_EXEC;
        if (c->shell)
                r = strv_add(&ret->argv, "/bin/sh");
        if (r == 0 && c->shell)
                r = strv_add(&ret->argv, "-c");
        return r < 0 ? r : strv_add_all(&ret->argv, c->argv);
}

static int take_image(const Making *m, HealthSpec *h) {
        const ImageHealth *image = &m->image->health;
        HealthCommand c = {};
        int r;

        if (!image->test)
                return 0;
        r = health_command_take(image->test, &c);
        if (r == 0)
                r = command_to_probe(&c, &h->probe);
        strv_free(c.argv);
        if (r < 0 || h->probe.kind == PROBE_NONE)
                return r;

        /* What the unit says of times counts, whose ever the command is. */
        if (!unit_spec_is_set(m->unit, "Container", "HealthInterval"))
                h->interval = image->interval > 0 ? image->interval : IMAGE_INTERVAL;
        if (!unit_spec_is_set(m->unit, "Container", "HealthTimeout"))
                h->timeout = image->timeout > 0 ? image->timeout : IMAGE_INTERVAL;
        if (!unit_spec_is_set(m->unit, "Container", "HealthStartPeriod"))
                h->start_period = image->start_period;
        if (!unit_spec_is_set(m->unit, "Container", "HealthRetries"))
                h->retries = image->retries > 0 ? image->retries : IMAGE_RETRIES;
        return 0;
}

static usec_t or_endless(usec_t timeout) {
        return timeout == 0 ? USEC_INFINITY : timeout;
}

static int take_unit(const HealthKeys *k, HealthSpec *h) {
        *h = (HealthSpec){
                .interval = k->interval,
                .startup_interval = k->startup_interval,
                .timeout = or_endless(k->timeout),
                .startup_timeout = or_endless(k->startup_timeout),
                .start_period = k->start_period,
                .retries = MAX_OF(k->retries, 1U),
                .startup_success = MAX_OF(k->startup_success, 1U),
                .startup_retries = k->startup_retries,
                .on_failure = k->on_failure,
                .max_log_count = k->max_log_count,
                .max_log_size = k->max_log_size,
        };
        return spec_copy_text(k->log_destination, &h->log_destination);
}

static int take_check(const Making *m, HealthSpec *h) {
        const ContainerSection *c = m->section;

        if (c->health->probe.kind != PROBE_NONE)
                return probe_choice_copy(&c->health->probe, &h->probe);
        if (c->health->command.set)
                return command_to_probe(&c->health->command, &h->probe);
        return take_image(m, h);
}

static Where at_type(const UnitSpec *u) {
        return unit_spec_is_set(u, "Container", "Notify") ? unit_place(u, "Container", "Notify")
                                                          : unit_place(u, "Service", "Type");
}

static int make_checks(const Making *m, ServiceType type, HealthSpec *h) {
        int r;

        r = take_unit(m->section->health, h);
        if (r == 0)
                r = take_check(m, h);
        if (r == 0 && h->probe.kind != PROBE_NONE)
                r = command_to_probe(&m->section->health->startup_command, &h->startup);
        if (r < 0 || type != SERVICE_HEALTHY)
                return r;

        if (h->probe.kind != PROBE_NONE && h->interval != USEC_INFINITY)
                return 0;
        r = diag_error(m->diag, at_type(m->unit), -EINVAL,
                       h->probe.kind == PROBE_NONE
                               ? "it is ready when it is healthy, but there is no health check"
                               : "it is ready when it is healthy, but HealthInterval=disable makes no check");
        if (h->probe.kind == PROBE_NONE)
                diag_hint(m->diag, "neither the unit (Probe=, HealthCmd=) nor the image has one");
        return r;
}

int spec_make_health(const Making *m, ContainerSpec *s) {
        HealthSpec *h = calloc(1, sizeof(*h));
        int r = h ? make_checks(m, s->type, h) : -ENOMEM;

        if (r >= 0 && h->probe.kind != PROBE_NONE) {
                s->health = h;
                return 0;
        }
        if (h)
                health_spec_clear(h);
        free(h);
        return r;
}
