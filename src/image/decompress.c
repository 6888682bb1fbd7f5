/* Compressed bytes in, plain ones out, by libarchive's filters. */
#include "image/decompress.h"

#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "basic/file.h"

#define BLOCK_BYTES (256 * 1024)

bool decompress_wanted(const void *magic, size_t size) {
        static const struct {
                const char *bytes;
                size_t n;
        } known[] = { { "\x1f\x8b", 2 }, { "\x28\xb5\x2f\xfd", 4 }, { "\xfd\x37zXZ\0", 6 }, { "BZh", 3 } };

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                if (size >= known[i].n && memcmp(magic, known[i].bytes, known[i].n) == 0)
                        return true;
        return false;
}

int decompress_child(void *data) {
        struct archive *archive = archive_read_new();
        struct archive_entry *entry;
        const void *block;
        size_t size;
        la_int64_t offset;
        int r;

        if (!archive || archive_read_support_filter_gzip(archive) < ARCHIVE_WARN ||
            archive_read_support_filter_zstd(archive) != ARCHIVE_OK ||
            archive_read_support_filter_xz(archive) < ARCHIVE_WARN ||
            archive_read_support_filter_bzip2(archive) < ARCHIVE_WARN ||
            archive_read_support_format_raw(archive) != ARCHIVE_OK ||
            archive_read_support_format_empty(archive) != ARCHIVE_OK ||
            archive_read_open_fd(archive, DECOMPRESS_INPUT, BLOCK_BYTES) != ARCHIVE_OK)
                return 1;

        r = archive_read_next_header(archive, &entry);
        if (r == ARCHIVE_EOF) /* of nothing at all */
                return 0;
        while (r == ARCHIVE_OK) {
                r = archive_read_data_block(archive, &block, &size, &offset);
                if (r == ARCHIVE_OK && file_write_all(DECOMPRESS_OUTPUT, block, size) < 0)
                        return 1;
        }
        return r == ARCHIVE_EOF ? 0 : 1;
}
