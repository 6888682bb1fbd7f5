/*
 * Types of keys. The C type of a field and the type of its key are tied by KeyField_<id>; a key whose type
 * does not fit its field does not compile.
 */
#pragma once

#include "basic/clock.h"
#include "spec/container-section.h"
#include "spec/key.h"
#include "spec/restart-policy.h"
#include "spec/types.h"
#include "spec/unit-spec.h"
#include "spec/unit-words.h"

#define KEY_TYPE(id, ctype, signature, syntax)                 \
        typedef ctype KeyField_##id;                           \
        int key_##id##_parse(const KeyInput *in, void *field); \
        char *key_##id##_format(const void *field);            \
        void key_##id##_clear(void *field);                    \
        extern const KeyType key_type_##id;
#define KEY_LIKE(id, like, syntax)                             \
        typedef KeyField_##like KeyField_##id;                 \
        int key_##id##_parse(const KeyInput *in, void *field); \
        extern const KeyType key_type_##id;
#include "spec/key-types.def"
#undef KEY_TYPE
