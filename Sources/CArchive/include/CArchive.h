#ifndef CONDENSE_ARCHIVE_H
#define CONDENSE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

/// One pass over a tar, tar.gz or zip file through libarchive, or over a plain gzip file. One thread at a time.
///
/// gzip data are inflated by zlib here, not by libarchive, which does not hold them against their checksum. Names
/// come out in UTF-8, whatever the process's locale. Functions that can fail answer -1 and leave a sentence in
/// `condense_archive_message`.
typedef struct condense_archive condense_archive;

enum {
  CONDENSE_KIND_NONE = 0,
  CONDENSE_KIND_TAR = 1,
  CONDENSE_KIND_TAR_GZIP = 2,
  CONDENSE_KIND_ZIP = 3,
  CONDENSE_KIND_GZIP = 4,
};

enum {
  CONDENSE_ENTRY_FILE = 0,
  CONDENSE_ENTRY_FOLDER = 1,
  CONDENSE_ENTRY_LINK = 2,
  CONDENSE_ENTRY_SPECIAL = 3,
  CONDENSE_ENTRY_SPARSE = 4,
  CONDENSE_ENTRY_ENCRYPTED = 5,
};

typedef struct {
  const char *path;  ///< until the next call
  const char *link;  ///< of a link: what it points at; NULL elsewhere
  int hard;          ///< of a link: the path counts from the archive's root, not from the link's folder
  int type;
  int64_t size;    ///< declared; -1 if unknown before reading
  int64_t offset;  ///< of the content in a plain tar; -1 elsewhere
} condense_entry;

/// Opens a regular file and tells its kind by its content; NULL with `message` if it cannot be read.
condense_archive *condense_archive_open(const char *path, char message[256]);
void condense_archive_close(condense_archive *archive);
int condense_archive_kind(const condense_archive *archive);
const char *condense_archive_message(const condense_archive *archive);

/// Moves to the next entry: 1. At the end, once everything up to the last byte was found sound: 0.
int condense_archive_next(condense_archive *archive, condense_entry *entry);

/// Reads on in the current entry; 0 at its end.
int64_t condense_archive_read(condense_archive *archive, uint8_t *into, size_t count);

/// Reads on in the file itself, inflated if it is gzip; 0 at its end. Not to be mixed with `next`.
int64_t condense_archive_stream(condense_archive *archive, uint8_t *into, size_t count);

/// Reads at a place in the file as it is stored.
int64_t condense_archive_at(condense_archive *archive, int64_t offset, uint8_t *into, size_t count);

#endif
