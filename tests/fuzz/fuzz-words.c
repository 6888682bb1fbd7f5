/* Any text as a value: its words, with every set of rules, and their places. */
#include <stdlib.h>
#include <string.h>

#include "config/words.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *text = strndup((const char *) data, size);
        Where at = { .file = "fuzz", .line = 1, .column = 1 };

        for (unsigned flags = 0; flags < 4; flags++) {
                autoptr(Diag) diag = diag_new();
                autowords Word *words = NULL;
                int n;

                n = words_split(text, at, (WordsFlags) flags, diag, &words);
                if (n < 0 ? words != NULL || diag_count_errors(diag) != 1 : diag_count_errors(diag) != 0)
                        abort();
                if (flags == 0 && n < 0)
                        abort();
                for (int i = 0; i < n; i++)
                        if (words[i].at.column > size || strlen(words[i].text) > size)
                                abort();
                if (n > 0 && words[n].text)
                        abort();
        }

        return 0;
}
