/* What the key types have in common. For key-*.c only. */
#pragma once

#include <stdlib.h>
#include <string.h>

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
                        memset(&list_[(list)->n], 0, sizeof(*list_));       \
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

/* One of "a=1,b,c=2". */
typedef struct KeyOption {
        char *name, *value; /* value: NULL without "=" */
        Where at, value_at;
} KeyOption;

/**
 * key_next_option() - cut the next option off @rest, which is cut in place and NULL after the last one
 * @start: what @rest began as, and @at the place of that
 *
 * Empty ones are skipped. Returns: is there one?
 */
bool key_next_option(char **rest, const char *start, Where at, char separator, KeyOption *ret);

/** key_json_words() - the words of a JSON array of strings, added to @list. */
int key_json_words(const KeyInput *in, const char *text, Where at, char ***list);

/** key_bad_form() - the message for a value that is not of the form @syntax; with @r == -ERANGE, out of its
 * range. Returns -EINVAL. */
int key_bad_form(const KeyInput *in, const char *text, Where at, int r, const char *syntax);

/** key_bad_option() - the message for an option that nobody knows, with what was meant. */
int key_bad_option(const KeyInput *in, const KeyOption *option, const char *const *words);

/** key_interface_name() - may a network device bear this name? Replaces *ret, or writes a message. */
int key_interface_name(const KeyInput *in, const char *text, Where at, char **ret);

/** key_bad_word() - the message for a word that is not in a list, with what was meant or else the list. */
int key_bad_word(const KeyInput *in, const char *word, Where at, const char *syntax,
                 const char *const *words);

/** key_format_u64() - a number; UINT64_MAX as "infinity". */
char *key_format_u64(uint64_t n);

/** key_format_text() - printf to a new string; NULL when out of memory. */
char *key_format_text(const char *fmt, ...) PRINTF_LIKE(1, 2);

/** key_set_text() - replace the text of a field; takes @text. */
void key_set_text(char **field, char *text);

/** key_fill_instance() - in "data@.volume", which stands in "web@1.container", the instance: "data@1.volume",
 * as systemd does with a template that a unit names. *name is replaced. 0 or -ENOMEM. */
int key_fill_instance(const KeyInput *in, char **name);
