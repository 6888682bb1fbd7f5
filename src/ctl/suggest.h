/* The unit that was meant by a name that is none. */
#pragma once

/** suggest_unit() - the unit of the search path whose name is like @name; free(). NULL when there is none. */
char *suggest_unit(const char *name);
