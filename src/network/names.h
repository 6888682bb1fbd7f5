/* The texts of a container's /etc/hosts and /etc/resolv.conf. Pure: writes no file. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "basic/inet.h"
#include "spec/container-spec.h"

typedef struct HostsRequest {
        const char *name;      /* container name */
        const char *host_name; /* a further name of the same addresses; may be NULL or equal */
        const InetAddress *addresses;
        size_t n_addresses;       /* none: the names stand for 127.0.0.1 */
        const HostEntry *entries; /* AddHost=; an address of AF_UNSPEC means the host ("host-gateway") */
        size_t n_entries;
        InetAddress gateway; /* how the container reaches the host; AF_UNSPEC = not at all */
        const char *peers;   /* lines for others; may be NULL */
} HostsRequest;

/**
 * names_hosts() - text of /etc/hosts
 *
 * localhost first, then AddHost= (the first of two equal names wins in a resolver: the author's does),
 * then the container's own names, host.containers.internal and host.docker.internal, and those of others.
 *
 * Returns: a string to free(); NULL when out of memory.
 */
char *names_hosts(const HostsRequest *request);

typedef struct ResolvRequest {
        const InetAddress *dns; /* DNS=; when there is any, the host's nameservers are not used */
        size_t n_dns;
        char *const *search;  /* DNSSearch=, in place of the host's; "." = no domains */
        char *const *options; /* DNSOption=, in place of the host's */
        /* The host's resolv.conf, may be NULL or any text: nameservers that are loopback addresses are left
         * out, for they are not the container's. */
        const char *host_text;
} ResolvRequest;

/** names_have_server() - does this resolv.conf name a server that a container can ask? */
bool names_have_server(const char *host_text);

/**
 * names_resolv_conf() - text of /etc/resolv.conf
 *
 * Returns: a string to free(); NULL when out of memory.
 */
char *names_resolv_conf(const ResolvRequest *request);
