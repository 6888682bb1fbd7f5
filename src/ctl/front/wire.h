/*
 * As much of D-Bus as the front speaks: calls of the manager with texts in them, and the messages that come
 * back. Pure, and without libc.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is to be sent. What has no room any more is left out, and said so. */
typedef struct WireOut {
        uint8_t *data;
        size_t size, n;
        bool full;
} WireOut;

/** wire_hello() - the handshake of a client whose user the kernel tells, without a wait for answers. */
void wire_hello(WireOut *o);

/**
 * wire_call() - a call of the manager's @member
 * @serial: other than 0
 * @units: NULL = without arguments; else with @n names
 * @mode: a text behind them, or NULL
 */
void wire_call(WireOut *o, uint32_t serial, const char *member, const char *const *units, size_t n,
               const char *mode);

/** wire_take_hello() - look for the answer to wire_hello() at the start of @data.
 *
 * Returns: its size; 0 while more is to come; -1 if it is none.
 */
int wire_take_hello(const uint8_t *data, size_t n);

/* Of the specification of D-Bus. */
typedef enum WireType {
        WIRE_RETURN = 2,
        WIRE_ERROR = 3,
        WIRE_SIGNAL = 4,
} WireType;

typedef struct WireMessage {
        uint8_t type;
        uint32_t answers;   /* the serial of the call */
        const char *member; /* of a signal, else "" */
        const uint8_t *body;
        size_t n, at;
        bool broken; /* something was read that is not there */
} WireMessage;

/**
 * wire_take() - the message at the start of @data
 * @ret: points into @data
 *
 * Returns: its size; 0 while more is to come; -1 if it is none.
 */
long wire_take(const uint8_t *data, size_t n, WireMessage *ret);

/** wire_read_u32() - the next number of a body, 0 if there is none. */
uint32_t wire_read_u32(WireMessage *m);

/** wire_enter_struct() - what is read next are the members of the next struct. */
void wire_enter_struct(WireMessage *m);

/** wire_read_text() - the next text or object path, "" if there is none. */
const char *wire_read_text(WireMessage *m);
