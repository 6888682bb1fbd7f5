/* Addresses in values. For key-*.c only. */
#pragma once

#include "spec/key-types.h"

/** key_inet_address() - @text as an address; @family AF_UNSPEC: of either kind. 0, or -EINVAL with a message.
 */
int key_inet_address(const KeyInput *in, const char *text, Where at, int family, InetAddress *ret);
