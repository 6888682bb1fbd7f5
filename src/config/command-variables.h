/* "$NAME" in command lines (systemd.service(5), "Command lines"). */
#pragma once

/**
 * command_variables_expand() - replace variables in the words of a command
 * @words: as the unit has them, quotes removed
 * @env:   NAME=VALUE
 * @ret:   a new vector; NULL when no word is left
 *
 * "${NAME}" anywhere in a word is replaced by the value as it is; "$NAME" that is a word of its own by as
 * many words as the value has, which may be none; "$$" is one "$". What is not set is empty. "$" before
 * anything else stays.
 *
 * Returns: 0 or -ENOMEM.
 */
int command_variables_expand(char *const *words, char *const *env, char ***ret);
