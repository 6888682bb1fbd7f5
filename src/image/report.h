/*
 * What the unpacking child tells its parent: fixed head, then @size bytes. The reader believes none of it.
 */
#pragma once

#include <stdint.h>

#include "basic/fault.h"

typedef enum ReportKind {
        REPORT_OPAQUE = 1, /* path of a directory that hides those of lower layers, without NUL */
        REPORT_IMPLIED,    /* path of a directory without an entry of its own, made for what lies in it */
        REPORT_LINK,       /* hard link to a file that this layer has not: target, NUL, path */
        REPORT_DONE,       /* UnpackCounts; the last one */
        REPORT_FAILED,     /* Fault; the last one */
} ReportKind;

typedef struct ReportHead {
        uint32_t kind;
        uint32_t size;
} ReportHead;

#define REPORT_PATH_MAX 4096

typedef struct UnpackCounts {
        uint64_t entries;
        uint64_t bytes;   /* contents of files, holes not counted */
        uint64_t devices; /* left out */
        uint64_t sockets; /* left out */
        uint64_t xattrs;  /* left out */
} UnpackCounts;

typedef union ReportBody {
        char path[2 * REPORT_PATH_MAX];
        UnpackCounts counts;
        Fault fault;
} ReportBody;
