/* nsctl ports, nsctl trace: published ports, and what becomes of packets to one. */
#include <string.h>

#include "basic/parse.h"
#include "basic/strv.h"
#include "ctl/client.h"
#include "ctl/explain.h"
#include "ctl/table.h"

int verb_ports(Ctl *c, char **words) {
        static const Column columns[] = {
                { "PORT", "host_port", COLUMN_RIGHT },
                { "PROTOCOL", "protocol", 0 },
                { "ADDRESS", "host_address", 0 },
                { "UNIT", "unit", 0 },
                { "CONTAINER PORT", "container_port", COLUMN_RIGHT },
                { "CONTAINER ADDRESSES", "addresses", COLUMN_CUT },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        autojson json_t *rows = NULL;
        int r;

        if (client_open(c) < 0)
                return STATUS_FAILED;
        r = client_query_json(c, "ListPorts", NULL, &error, &rows);
        return r < 0 ? client_failure("ports", r, &error)
                     : table_print(c, rows, columns, ELEMENTSOF(columns));
}

/* "8080" or "8080/udp". */
static int parse_port(char *text, uint32_t *ret_port, const char **ret_protocol) {
        char *slash = strchr(text, '/');

        *ret_protocol = "tcp";
        if (slash) {
                *slash = '\0';
                *ret_protocol = slash + 1;
        }
        if (parse_u32_range(text, 1, UINT16_MAX, ret_port) < 0 ||
            (!streq(*ret_protocol, "tcp") && !streq(*ret_protocol, "udp") && !streq(*ret_protocol, "sctp"))) {
                (void) ctl_error("\"%s%s%s\" is not of the form PORT[/tcp|/udp|/sctp]", text,
                                 slash ? "/" : "", slash ? *ret_protocol : "");
                return -EINVAL;
        }
        return 0;
}

static bool reaches(const json_t *steps) {
        size_t n = json_array_size(steps);

        return n > 0 && streq(property_string(json_array_get(steps, n - 1), "result"), "passes");
}

int verb_trace(Ctl *c, char **words) {
        static const Column columns[] = {
                { "STEP", "step", 0 },
                { "RESULT", "result", 0 },
                { "WHAT", "what", COLUMN_CUT },
        };
        autoerror sd_bus_error error = SD_BUS_ERROR_NULL;
        automessage sd_bus_message *reply = NULL;
        autojson json_t *steps = NULL;
        const char *protocol, *text;
        uint32_t port;
        int r;

        if (parse_port(words[1], &port, &protocol) < 0 || client_open(c) < 0)
                return STATUS_FAILED;
        r = client_call(c, NULL, NULL, "TracePort", &error, &reply, "qss", (uint16_t) port, protocol,
                        strempty(c->options.from));
        if (r == 0)
                r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_failure("trace", r, &error);

        steps = json_loads(text, 0, NULL);
        if (!c->options.quiet && table_print(c, steps, columns, ELEMENTSOF(columns)) != STATUS_OK)
                return STATUS_FAILED;
        return reaches(steps) ? STATUS_OK : STATUS_FAILED;
}
