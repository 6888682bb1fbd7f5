/* The text that a unit was started from: written down beside what it holds, and read again. */
#include <fcntl.h>

#include "basic/file.h"
#include "basic/log.h"
#include "manager/internal.h"
#include "manager/saved-text.h"

/* FNV-1a, 64 bits: tells texts apart, no secret depends on it. */
static uint64_t hash_text(uint64_t hash, const char *text) {
        for (const char *p = strempty(text); *p; p++)
                hash = (hash ^ (uint8_t) *p) * UINT64_C(0x100000001b3);
        return hash;
}

uint64_t text_fingerprint(const char *text) {
        return hash_text(UINT64_C(0xcbf29ce484222325), text);
}

/* The same text means something else in another place: paths may be relative to it. */
uint64_t raw_unit_fingerprint(const RawUnit *raw) {
        autofree char *text = raw_unit_to_text(raw);

        return hash_text(text_fingerprint(raw->fragment), text);
}

static char *text_path(const Unit *u) {
        return unit_files_path(u, "unit");
}

int unit_save_text(Unit *u, Fault *fault) {
        autofree char *path = text_path(u), *dir = unit_files_path(u, NULL);
        int r;

        if (!path || !dir)
                return -ENOMEM;
        r = dir_make(AT_FDCWD, dir, 0755);
        if (r >= 0)
                r = saved_text_write(path, u->spec->raw);
        return r < 0 ? fault_set(fault, "write", r, "%s", path) : 0;
}

/* That of a container or a pod goes with its other files. */
void unit_forget_text(Unit *u) {
        autofree char *dir = unit_holds(u) ? NULL : unit_files_path(u, NULL);

        if (dir)
                (void) tree_remove(AT_FDCWD, dir);
}

int unit_load_started(Unit *u, UnitSpec **ret, Fault *fault) {
        autofree char *path = text_path(u);
        autoptr(RawUnit) raw = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = saved_text_read(path, &raw);
        if (r < 0)
                return fault_set(fault, "read", r, "%s", path);

        r = unit_spec_load(raw, host_specifiers_context(u->manager->specifiers), NULL, ret);
        if (r < 0)
                return fault_set(fault, "unit as started", r, "%s", path);
        (void) take_ptr(raw);
        unit_spec_set_defaults(*ret, u->manager->config);
        return 0;
}

static int copy_text(const RawUnit *raw, char **ret_text, char **ret_file) {
        *ret_text = raw ? raw_unit_to_text(raw) : strdup("");
        *ret_file = strdup(raw ? strempty(raw->fragment) : "");
        return *ret_text && *ret_file ? 0 : -ENOMEM;
}

void unit_texts_clear(UnitTexts *t) {
        free(t->started);
        free(t->started_file);
        free(t->loaded);
        free(t->loaded_file);
}

int manager_unit_texts(Unit *u, UnitTexts *ret, Fault *fault) {
        autofree char *path = text_path(u);
        autoptr(RawUnit) raw = NULL;
        int r;

        r = u->machine.prepared && path ? saved_text_read(path, &raw) : 0;
        if (r < 0)
                return fault_set(fault, "read", r, "%s", path);
        r = copy_text(raw, &ret->started, &ret->started_file);
        return r < 0 ? r : copy_text(u->spec ? u->spec->raw : NULL, &ret->loaded, &ret->loaded_file);
}
