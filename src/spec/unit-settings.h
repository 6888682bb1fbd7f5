/* Every setting of a unit: its value, and who gave it that value. */
#pragma once

#include "config/manager-config.h"
#include "spec/key.h"
#include "spec/unit-spec.h"

#define SETTING_ORIGIN_LIST(X)                                                          \
        X(SETTING_UNSET, "unset")     /* nobody; there is no default either */          \
        X(SETTING_DEFAULT, "default") /* nobody */                                      \
        X(SETTING_IMPLIED, "implied") /* another key, as Network=x.network Requires= */ \
        X(SETTING_CONFIG, "nsunitd.conf")                                               \
        X(SETTING_FILE, "file")

ENUM_DECLARE(SettingOrigin, setting_origin, SETTING, SETTING_ORIGIN_LIST);

typedef struct Setting {
        const KeyTable *table;
        const Key *key;
        char *value; /* as a unit file would have it */
        SettingOrigin origin;
        Where *places; /* borrowed from the unit; more than one where each assignment adds */
        size_t n_places;
} Setting;

/**
 * unit_settings() - all keys of all sections of @u, in the order of the tables
 * @u: just loaded; it is given the defaults of @config
 *
 * Returns: 0 or -ENOMEM. Free with unit_settings_free().
 */
int unit_settings(UnitSpec *u, const ManagerConfig *config, Setting **ret, size_t *ret_n);

/** unit_settings_free() - NULL is fine. */
void unit_settings_free(Setting *settings, size_t n);
