/* What the key types have in common. For key-*.c only. */
#pragma once

#include <stdlib.h>

#include "basic/macro.h"
#include "config/words.h"
#include "spec/key.h"

/* LIST_ADD(list) - one more, zeroed item at the end of a { items, n } struct; NULL when out of memory. */
#define LIST_ADD(list)                                                      \
        ({                                                                  \
                __typeof__((list)->items) list_ = (list)->items;            \
                                                                            \
                list_ = reallocarray(list_, (list)->n + 1, sizeof(*list_)); \
                if (list_) {                                                \
                        (list)->items = list_;                              \
                        list_[(list)->n] = (__typeof__(*list_)){};          \
                        list_ += (list)->n++;                               \
                }                                                           \
                list_;                                                      \
        })

/** key_expand() - @text with its specifiers replaced; free(). 0, -EINVAL with a message, -ENOMEM. */
int key_expand(const KeyInput *in, const char *text, Where at, char **ret);

/**
 * key_unquote() - the value without the one pair of quotes that Quadlet drops, specifiers replaced
 * @ret_at: where it begins; may be NULL
 */
int key_unquote(const KeyInput *in, char **ret, Where *ret_at);

/**
 * key_split() - the words of the value, specifiers replaced in each
 *
 * Returns: as words_split(), -EINVAL also for a bad specifier.
 */
int key_split(const KeyInput *in, WordsFlags flags, Word **ret);

/** key_join_take() - words_join(), and frees @words. @words NULL with @r < 0 gives NULL. */
char *key_join_take(char **words, int r);

/**
 * key_host_path() - a path on the host; one that begins with "." is taken from the unit file's directory
 * @what: what the path is, for the message
 */
int key_host_path(const KeyInput *in, const char *text, Where at, const char *what, char **ret);

/** key_absolute_path() - a path on the host that has to be absolute, as all paths of systemd's own keys. */
int key_absolute_path(const KeyInput *in, const char *text, Where at, char **ret);

/** key_container_path() - a path inside the container: absolute, without "..", not the root itself. */
int key_container_path(const KeyInput *in, const char *text, Where at, char **ret);

/** key_size() - bytes with K, M, G, T in either letter case and an optional "b" ("64m", "1gb"). 0 or -EINVAL.
 */
int key_size(const char *text, uint64_t *ret);

/** key_bad_word() - the message for a word that is not in a list, with what was meant or else the list. */
int key_bad_word(const KeyInput *in, const char *word, Where at, const char *syntax,
                 const char *const *words);

/** key_bad_value() - the message for a value that is not of a form, or out of its range with @r == -ERANGE.
 */
int key_bad_value(const KeyInput *in, const char *text, Where at, int r, const char *syntax);

/** key_format_u64() - a number; UINT64_MAX as "infinity". */
char *key_format_u64(uint64_t n);

/** key_format_text() - printf to a new string; NULL when out of memory. */
char *key_format_text(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** key_set_text() - replace the text of a field; takes @text. */
void key_set_text(char **field, char *text);
