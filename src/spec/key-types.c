/* The one list of key types, as objects. */
#include "spec/key-types.h"

/* As the compilers count types: those before pointers are numbers, enums and bool. */
#define POINTER_TYPE_CLASS 5
#define IS_SCALAR(ctype)   (__builtin_classify_type(*(ctype *) NULL) < POINTER_TYPE_CLASS)

/* Not with the id: "bool" is a macro, which would be replaced on the way. */
#define COMMON(ctype, signature_, syntax_) \
        .plain = IS_SCALAR(ctype), .signature = signature_, .syntax = syntax_
#define SIGNATURE_text  "s"
#define SIGNATURE_texts "as"

#define KEY_TYPE(id, ctype, signature_, syntax_)    \
        const KeyType key_type_##id = {             \
                .name = #id,                        \
                COMMON(ctype, signature_, syntax_), \
                .parse = key_##id##_parse,          \
                .format = key_##id##_format,        \
                .clear = key_##id##_clear,          \
        };
#define KEY_LIKE(id, like, syntax_)                               \
        const KeyType key_type_##id = {                           \
                .name = #id,                                      \
                COMMON(KeyField_##id, SIGNATURE_##like, syntax_), \
                .parse = key_##id##_parse,                        \
                .format = key_##like##_format,                    \
                .clear = key_##like##_clear,                      \
        };
#include "spec/key-types.def"
#undef KEY_TYPE
