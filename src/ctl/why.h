/*
 * Why a unit is as it is: what stands in its way, what became of it the last time, what comes next. Collected
 * from the manager's properties, told as findings in words.
 */
#pragma once

#include "ctl/client.h"

/**
 * why_collect() - the findings about a unit, most important first
 * @name: complete unit name
 *
 * Returns: 0 with an object in *ret: unit, load, active, sub, result, since (µs since 1970), findings (array
 * of {about, text}), and death, the last record of the black box, where there is one; json_decref() it. Or a
 * negative errno with @error filled.
 */
int why_collect(Ctl *c, const char *name, sd_bus_error *error, json_t **ret);
