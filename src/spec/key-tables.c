/* The *-keys.def as tables. A key whose type does not fit its field does not compile here. */
#include <stddef.h>

#include "basic/macro.h"
#include "spec/key-types.h"
#include "spec/key.h"
#include "spec/section.h"

#define SECTION_BEGIN(word, title, peer)
#define SECTION_END(word)
#define CHECK_TYPE_(name, type, field)                                                         \
        _Static_assert(__builtin_types_compatible_p(__typeof__(((SECTION *) 0)->field), type), \
                       name ": type of the field and type of the key differ");
#define KEY(name, type, field, def, fl, meaning)          CHECK_TYPE_(#name, KeyField_##type, field)
#define KEY_OF(part, name, type, field, def, fl, meaning) CHECK_TYPE_(#name, KeyField_##type, part->field)
#include "spec/section-keys.def"
#undef KEY_OF
#undef KEY
#undef SECTION_END
#undef SECTION_BEGIN

#define SECTION_BEGIN(word, title, peer) static const Key word##_list[] = {
#define SECTION_END(word) \
        }                 \
        ;
#define KEY(name_, type_, field, def, fl, meaning_) \
        {                                           \
                .name = #name_,                     \
                .type = &key_type_##type_,          \
                .offset = offsetof(SECTION, field), \
                .fallback = def,                    \
                .flags = fl,                        \
                .meaning = meaning_,                \
        },
#define KEY_OF(part_, name_, type_, field, def, fl, meaning_)                          \
        {                                                                              \
                .name = #name_,                                                        \
                .type = &key_type_##type_,                                             \
                .part = { offsetof(SECTION, part_), sizeof(*((SECTION *) 0)->part_) }, \
                .offset = offsetof(__typeof__(*((SECTION *) 0)->part_), field),        \
                .fallback = def,                                                       \
                .flags = fl,                                                           \
                .meaning = meaning_,                                                   \
        },
#include "spec/section-keys.def"
#undef KEY_OF
#undef KEY
#undef SECTION_END
#undef SECTION_BEGIN

#define SECTION_BEGIN(word, title, peer)                                                                    \
        static const void *word##_blank;                                                                    \
        const KeyTable word##_keys = { title,           peer,         word##_list, ELEMENTSOF(word##_list), \
                                       sizeof(SECTION), &word##_blank };
#define SECTION_END(word)
#define KEY(name, type, field, def, fl, meaning)
#define KEY_OF(part, name, type, field, def, fl, meaning)
#include "spec/section-keys.def"
#undef SECTION_BEGIN

const KeyTable *const key_tables[] = {
#define SECTION_BEGIN(word, title, peer) &word##_keys,
#include "spec/section-keys.def"
        NULL,
};
