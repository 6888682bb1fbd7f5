/* The child that turns gzip and zstd into plain bytes. Runs in a sandbox (sandbox.h) without files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Descriptors of the child. */
enum {
        DECOMPRESS_INPUT = 0,
        DECOMPRESS_OUTPUT = 1,
        DECOMPRESS_N_FDS,
};

/* Bytes that decompress_wanted() needs to decide. */
#define DECOMPRESS_MAGIC_MAX 6

/** decompress_wanted() - do these first bytes begin something compressed that we read? */
bool decompress_wanted(const void *magic, size_t size);

/** decompress_child() - a SandboxFn: input to output; exit status 0 only when all of it was good. */
int decompress_child(void *data);
