/*
 * What a gate reads from both sides: a byte says how long the question is, the question and an answer follow.
 * An answer that is taken for one must be to the same name, and no more addresses may come out than there is
 * room.
 */
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "fuzz.h"
#include "network/dns-message.h"

#define ROOM 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char asked[DNS_NAME_MAX + 1] = "", answered[DNS_NAME_MAX + 1] = "";
        DnsAddress found[ROOM];
        size_t n, answer_size;
        uint8_t *answer;

        if (size < 1)
                return 0;
        n = data[0] < size - 1 ? data[0] : size - 1;
        answer_size = size - 1 - n;
        answer = malloc(answer_size + 1);
        if (!answer)
                return 0;
        memcpy(answer, data + 1 + n, answer_size);

        if (dns_is_answer(answer, answer_size, data + 1, n) &&
            (dns_question(data + 1, n, asked) < 0 || dns_question(answer, answer_size, answered) < 0 ||
             !streq(asked, answered) || !dns_name_matches(asked, answered)))
                abort();
        if (strlen(asked) > DNS_NAME_MAX || dns_addresses(answer, answer_size, found, ROOM) > ROOM)
                abort();
        dns_untruncate(answer, answer_size);
        free(answer);
        return 0;
}
