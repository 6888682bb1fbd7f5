/* Which section belongs in which kind of unit. */
#include "spec/section.h"
#include "basic/macro.h"

ENUM_DEFINE(UnitDependency, unit_dependency, UNIT_DEP, UNIT_DEPENDENCY_LIST)

static const char *const own[UNIT_KIND_N_] = {
#define OWN_(word, title, type, kind) [kind] = title,
        OWN_SECTION_LIST(OWN_)
#undef OWN_
};

static const char *const common[] = {
#define COMMON_(word, title, type) title,
        COMMON_SECTION_LIST(COMMON_)
#undef COMMON_
};

const char *section_of_kind(UnitKind kind) {
        return own[kind];
}

UnitKind section_kind(const char *title) {
        for (UnitKind k = 0; k < UNIT_KIND_N_; k++)
                if (streq(own[k], title))
                        return k;
        return UNIT_KIND_INVALID_;
}

bool section_allowed(UnitKind kind, const char *title) {
        for (size_t i = 0; i < ELEMENTSOF(common); i++)
                if (streq(common[i], title))
                        return true;
        return streq(own[kind], title);
}
