/* The one list of key types, as objects. */
#include "spec/key-types.h"

#define KEY_TYPE(id, ctype, signature_, syntax_) \
        const KeyType key_type_##id = {          \
                .name = #id,                     \
                .signature = signature_,         \
                .syntax = syntax_,               \
                .parse = key_##id##_parse,       \
                .format = key_##id##_format,     \
                .clear = key_##id##_clear,       \
        };
#include "spec/key-types.def"
#undef KEY_TYPE
