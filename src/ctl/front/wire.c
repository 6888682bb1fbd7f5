#include "ctl/front/wire.h"
#include "basic/bus-names.h"
#include "basic/no-libc.h"

/* Every program on this machine has the same order of bytes, and the first byte of a message says which. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ENDIAN 'l'
#else
#define OUR_ENDIAN 'B'
#endif

enum {
        CALL = 1,
        PROTOCOL = 1,
        HEADER_SIZE = 16,                /* with the size of the fields that follow */
        MESSAGE_MAX = 128 * 1024 * 1024, /* all three are of the specification */

        FIELD_PATH = 1,
        FIELD_INTERFACE = 2,
        FIELD_MEMBER = 3,
        FIELD_ANSWERS = 5,
        FIELD_SIGNATURE = 8,
        FIELD_NOTHING = 255, /* unknown ones are ignored */

        /* As a server sd-bus reads so many bytes with the handshake. A message of which nothing is left then
         * lies in its buffer until something else comes: so none of ours is shorter. */
        CALL_MIN = 256,
};

/* The last line has the number of the server. */
static const char answer[] = "DATA\r\nOK ";
#define SERVER_ID_SIZE 32

static size_t aligned(size_t n, size_t to) {
        return (n + to - 1) / to * to;
}

static void put(WireOut *o, const void *data, size_t n) {
        if (o->full || n > o->size - o->n) {
                o->full = true;
                return;
        }
        for (size_t i = 0; i < n; i++)
                o->data[o->n + i] = ((const uint8_t *) data)[i];
        o->n += n;
}

static void put_byte(WireOut *o, uint8_t byte) {
        put(o, &byte, 1);
}

static void put_u32(WireOut *o, uint32_t value) {
        put(o, &value, sizeof(value));
}

/* From @begin, where a message begins, which is not aligned behind a handshake. */
static void align(WireOut *o, size_t begin, size_t to) {
        while (!o->full && (o->n - begin) % to != 0)
                put_byte(o, 0);
}

static void put_text(WireOut *o, const char *text) {
        const size_t n = text_length(text);

        put_u32(o, (uint32_t) n);
        put(o, text, n + 1);
}

/* A size that was left open at @at. */
static void fill_in(WireOut *o, size_t at, size_t size) {
        const uint32_t value = (uint32_t) size;

        for (size_t i = 0; i < sizeof(value) && !o->full; i++)
                o->data[at + i] = ((const uint8_t *) &value)[i];
}

static void put_field(WireOut *o, size_t begin, uint8_t field, char type, const char *text) {
        align(o, begin, 8);
        put_byte(o, field);
        put(o, (const char[]){ 1, type, 0 }, 3);
        put_text(o, text);
}

static void put_arguments(WireOut *o, size_t begin, const char *const *units, size_t n, const char *mode) {
        const size_t size_at = o->n;

        put_u32(o, 0);
        for (size_t i = 0; i < n; i++) {
                align(o, begin, 4);
                put_text(o, units[i]);
        }
        fill_in(o, size_at, o->n - size_at - 4);
        if (mode) {
                align(o, begin, 4);
                put_text(o, mode);
        }
}

void wire_hello(WireOut *o) {
        static const char hello[] = "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n";

        put(o, hello, sizeof(hello) - 1);
}

/* The only field with a size of one byte. */
static void put_signature(WireOut *o, size_t begin, const char *types) {
        const size_t n = text_length(types);

        align(o, begin, 8);
        put(o, (const char[]){ FIELD_SIGNATURE, 1, 'g', 0, (char) n }, 5);
        put(o, types, n + 1);
}

void wire_call(WireOut *o, uint32_t serial, const char *member, const char *const *units, size_t n,
               const char *mode) {
        static const char filling[CALL_MIN] = { [0 ... CALL_MIN - 2] = '-' };
        const size_t begin = o->n;
        size_t body;

        put(o, (const char[]){ OUR_ENDIAN, CALL, 0, PROTOCOL }, 4);
        put_u32(o, 0);
        put_u32(o, serial);
        put_u32(o, 0);
        put_field(o, begin, FIELD_PATH, 'o', BUS_PATH);
        put_field(o, begin, FIELD_INTERFACE, 's', BUS_MANAGER_INTERFACE);
        put_field(o, begin, FIELD_MEMBER, 's', member);
        if (units)
                put_signature(o, begin, mode ? "ass" : "as");
        put_field(o, begin, FIELD_NOTHING, 's', filling);
        fill_in(o, begin + 12, o->n - begin - HEADER_SIZE);
        align(o, begin, 8);

        body = o->n;
        if (units)
                put_arguments(o, begin, units, n, mode);
        fill_in(o, begin + 4, o->n - body);
}

int wire_take_hello(const uint8_t *data, size_t n) {
        const size_t words = sizeof(answer) - 1, size = words + SERVER_ID_SIZE + 2;

        for (size_t i = 0; i < n && i < words; i++)
                if (data[i] != (uint8_t) answer[i])
                        return -1;
        if (n < size)
                return 0;
        return data[size - 2] == '\r' && data[size - 1] == '\n' ? (int) size : -1;
}

static void align_read(WireMessage *m, size_t to) {
        m->at = aligned(m->at, to);
}

/* The next @n bytes, or NULL. */
static const uint8_t *take(WireMessage *m, size_t n) {
        const uint8_t *p = m->body + m->at;

        if (m->broken || m->at > m->n || n > m->n - m->at) {
                m->broken = true;
                return NULL;
        }
        m->at += n;
        return p;
}

static uint32_t number_at(const uint8_t *p) {
        uint32_t value = 0;

        for (size_t i = 0; i < sizeof(value); i++)
                ((uint8_t *) &value)[i] = p[i];
        return value;
}

uint32_t wire_read_u32(WireMessage *m) {
        const uint8_t *p;

        align_read(m, 4);
        p = take(m, 4);
        return p ? number_at(p) : 0;
}

const char *wire_read_text(WireMessage *m) {
        const size_t size = wire_read_u32(m);
        const uint8_t *p = take(m, size + 1);

        if (p && p[size] != '\0')
                m->broken = true;
        return p && !m->broken ? (const char *) p : "";
}

void wire_enter_struct(WireMessage *m) {
        align_read(m, 8);
}

/* One field of a header. All have one of three simple types, signatures with a size of one byte. */
static void read_field(WireMessage *fields, WireMessage *ret) {
        const uint8_t *start, *size;

        align_read(fields, 8);
        start = take(fields, 4);
        if (!start || start[1] != 1 || start[3] != 0) {
                fields->broken = true;
                return;
        }
        if (start[2] == 'u') {
                const uint32_t value = wire_read_u32(fields);

                if (start[0] == FIELD_ANSWERS)
                        ret->answers = value;
        } else if (start[2] == 'g') {
                size = take(fields, 1);
                (void) take(fields, size ? *size + 1U : 1);
        } else {
                const char *text = wire_read_text(fields);

                if (start[0] == FIELD_MEMBER)
                        ret->member = text;
        }
}

long wire_take(const uint8_t *data, size_t n, WireMessage *ret) {
        size_t body, fields, size;
        WireMessage header;

        if (n < HEADER_SIZE)
                return 0;
        body = number_at(data + 4);
        fields = number_at(data + 12);
        if (data[0] != OUR_ENDIAN || data[3] != PROTOCOL || body > MESSAGE_MAX || fields > MESSAGE_MAX)
                return -1;
        size = HEADER_SIZE + aligned(fields, 8) + body;
        if (size > n)
                return 0;

        *ret = (WireMessage){ .type = data[1], .member = "", .body = data + size - body, .n = body };
        header = (WireMessage){ .body = data, .n = HEADER_SIZE + fields, .at = HEADER_SIZE };
        while (!header.broken && header.at < header.n)
                read_field(&header, ret);
        return header.broken ? -1 : (long) size;
}
