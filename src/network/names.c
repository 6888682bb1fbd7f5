/* Texts of /etc/hosts and /etc/resolv.conf for one container. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/macro.h"
#include "basic/strv.h"
#include "network/names.h"

static void print_own_names(FILE *f, const char *address, const HostsRequest *q) {
        fprintf(f, "%s\t", address);
        if (q->host_name && !streq(q->host_name, q->name))
                fprintf(f, "%s ", q->host_name);
        fprintf(f, "%s\n", q->name);
}

char *names_hosts(const HostsRequest *q) {
        char *text = NULL, address[INET_TEXT_MAX];
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;

        fputs("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", f);
        for (size_t i = 0; i < q->n_entries; i++) {
                const HostEntry *e = &q->entries[i];
                const InetAddress *a = e->address.family == AF_UNSPEC ? &q->gateway : &e->address;

                if (a->family != AF_UNSPEC)
                        fprintf(f, "%s\t%s\n", inet_format(a, address), e->name);
        }

        for (size_t i = 0; i < q->n_addresses; i++)
                print_own_names(f, inet_format(&q->addresses[i], address), q);
        if (q->n_addresses == 0)
                print_own_names(f, "127.0.0.1", q);
        if (q->gateway.family != AF_UNSPEC)
                fprintf(f, "%s\thost.containers.internal host.docker.internal\n",
                        inet_format(&q->gateway, address));
        fputs(strempty(q->peers), f);

        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}

/* A nameserver on the host's loopback answers nobody in a container; a line without address is no use. */
static bool is_useless_nameserver(const char *line) {
        InetAddress a;
        char word[INET_TEXT_MAX];

        if (sscanf(line, "nameserver %63s", word) != 1)
                return true;
        word[strcspn(word, "%")] = '\0';
        if (inet_parse(word, &a) < 0)
                return true;
        return a.family == AF_INET ? a.bytes[0] == 127 : IN6_IS_ADDR_LOOPBACK(&a.v6);
}

bool names_have_server(const char *host_text) {
        for (const char *line = strempty(host_text); *line;
             line += strcspn(line, "\n"), line += *line != '\0')
                if (startswith(line, "nameserver") && !is_useless_nameserver(line))
                        return true;
        return false;
}

static bool is_wanted(const char *line, const ResolvRequest *q) {
        if (startswith(line, "nameserver"))
                return q->n_dns == 0 && !is_useless_nameserver(line);
        if (startswith(line, "search"))
                return !q->search;
        return startswith(line, "options") && !q->options;
}

static void print_host_lines(FILE *f, const ResolvRequest *q) {
        autofree char *copy = strdup(strempty(q->host_text));
        char *state = NULL;

        for (char *line = copy ? strtok_r(copy, "\n", &state) : NULL; line;
             line = strtok_r(NULL, "\n", &state))
                if (is_wanted(line, q))
                        fprintf(f, "%s\n", line);
}

static void print_words(FILE *f, const char *keyword, char *const *words) {
        if (!words)
                return;
        fputs(keyword, f);
        STRV_FOREACH (word, words)
                fprintf(f, " %s", *word);
        fputc('\n', f);
}

char *names_resolv_conf(const ResolvRequest *q) {
        char *text = NULL, address[INET_TEXT_MAX];
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;

        for (size_t i = 0; i < q->n_dns; i++)
                fprintf(f, "nameserver %s\n", inet_format(&q->dns[i], address));
        print_host_lines(f, q);
        if (!strv_contains(q->search, "."))
                print_words(f, "search", q->search);
        print_words(f, "options", q->options);
        if (fclose(f) != 0) {
                free(text);
                return NULL;
        }
        return text;
}
