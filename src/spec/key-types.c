/* The one list of key types, as objects. */
#include "spec/key-types.h"

/* As the compilers count types: those before pointers are numbers, enums and bool. */
#define POINTER_TYPE_CLASS 5
#define IS_SCALAR(ctype)   (__builtin_classify_type(*(ctype *) NULL) < POINTER_TYPE_CLASS)

#define KEY_TYPE(id, ctype, signature_, syntax_) \
        const KeyType key_type_##id = {          \
                .name = #id,                     \
                .plain = IS_SCALAR(ctype),       \
                .signature = signature_,         \
                .syntax = syntax_,               \
                .parse = key_##id##_parse,       \
                .format = key_##id##_format,     \
                .clear = key_##id##_clear,       \
        };
#include "spec/key-types.def"
#undef KEY_TYPE
