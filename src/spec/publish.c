/* Ports of the host. */
#include "spec/publish.h"

static bool is_every(const InetAddress *a) {
        for (size_t i = 0; i < inet_size(a->family); i++)
                if (a->bytes[i] != 0)
                        return false;
        return true;
}

static bool same_address(const InetAddress *a, const InetAddress *b) {
        if (a->family == AF_UNSPEC || b->family == AF_UNSPEC)
                return true;
        return a->family == b->family && (is_every(a) || is_every(b) || inet_equal(a, b));
}

bool publish_overlap(const PublishSpec *a, const PublishSpec *b) {
        return a->host_port > 0 && b->host_port > 0 && a->protocol == b->protocol &&
               a->host_port < b->host_port + b->count && b->host_port < a->host_port + a->count &&
               same_address(&a->host_address, &b->host_address);
}
