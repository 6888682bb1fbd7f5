/* Any text as a value: its words, with every set of rules, and their places. */
#include <stdlib.h>
#include <string.h>

#include "basic/strv.h"
#include "config/words.h"
#include "fuzz.h"

/* Joined, the words read back as themselves, and a semicolon among them divides nothing. */
static void check_join(char *const *words) {
        autofree char *text = words_join(words);
        autowords Word *back = NULL;
        int n;

        n = words_split(text, (Where){}, WORDS_QUOTES | WORDS_ESCAPES | WORDS_STRICT | WORDS_SEMICOLONS, NULL,
                        &back);
        if (n != (int) strv_length(words))
                abort();
        for (int i = 0; i < n; i++)
                if (strcmp(back[i].text, words[i]) != 0 || back[i].separator)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        autofree char *text = strndup((const char *) data, size);
        Where at = { .file = "fuzz", .line = 1, .column = 1 };

        for (unsigned flags = 0; flags < 16; flags++) {
                autoptr(Diag) diag = diag_new();
                autowords Word *words = NULL;
                autostrv char **plain = NULL;
                int n;

                n = words_split(text, at, (WordsFlags) flags, diag, &words);
                if (n < 0 ? words != NULL || diag_count_errors(diag) != 1 : diag_count_errors(diag) != 0)
                        abort();
                if ((flags & (WORDS_QUOTES | WORDS_STRICT)) == 0 && n < 0)
                        abort();
                for (int i = 0; i < n; i++)
                        if (words[i].at.column > size || strlen(words[i].text) > size)
                                abort();
                if (n > 0 && words[n].text)
                        abort();
                for (int i = 0; i < n; i++)
                        if (strv_add(&plain, words[i].text) < 0)
                                abort();
                check_join(plain);
        }

        return 0;
}
