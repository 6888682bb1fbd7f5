/* Any text as a number of any sort: a time span that is printed reads back as itself, and nothing runs over.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/cleanup.h"
#include "basic/parse.h"
#include "fuzz.h"

static void check(bool good) {
        if (!good)
                abort();
}

static void check_span(const char *text) {
        autofree char *printed = NULL;
        usec_t t, back;
        int r = parse_span(text, &t);

        check(r == 0 || r == -EINVAL || r == -ERANGE);
        if (r < 0)
                return;
        printed = format_span(t);
        check(parse_span(printed, &back) == 0 && back == t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *text = strndup((const char *) data, size);
        uint32_t permyriad;
        uint64_t n, m;
        bool on;
        int sig;

        check_span(text);
        (void) parse_size(text, &n);
        (void) parse_bool(text, &on);
        if (parse_permyriad(text, &permyriad) == 0)
                check(permyriad <= INT32_MAX);
        /* What is decimal without a sign or a leading zero is the same number to both readers. */
        if (text[0] != '0' && text[0] != '+' && parse_u64(text, &n) == 0)
                check(parse_unsigned(text, UINT64_MAX, &m) == 0 && m == n);
        if (parse_unsigned(text, 1000, &n) == 0)
                check(n <= 1000);
        if (parse_signal(text, &sig) == 0) {
                int back;

                check(parse_signal(signal_to_name(sig), &back) == 0 && back == sig);
        }
        return 0;
}
