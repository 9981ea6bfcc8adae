#ifndef CONDENSE_ARCHIVE_H
#define CONDENSE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

/// A reader of a tar, tar.gz or zip file through libarchive, or of a plain gzip file, in one pass.
///
/// It is used by one thread at a time. gzip data are inflated by zlib directly, as libarchive does not verify their
/// checksum. Names are in UTF-8 in every locale. Functions that can fail return -1 and set the message that
/// `condense_archive_message` returns.
typedef struct condense_archive condense_archive;

/// The kinds of a file.
enum {
  /// No archive and no gzip file.
  CONDENSE_KIND_NONE = 0,
  /// A plain tar.
  CONDENSE_KIND_TAR = 1,
  /// A gzipped tar.
  CONDENSE_KIND_TAR_GZIP = 2,
  /// A zip.
  CONDENSE_KIND_ZIP = 3,
  /// A gzip file with any other content, read as one entry with an empty path.
  CONDENSE_KIND_GZIP = 4,
};

/// The types of an entry.
enum {
  /// A regular file.
  CONDENSE_ENTRY_FILE = 0,
  /// A folder.
  CONDENSE_ENTRY_FOLDER = 1,
  /// A hard or a symbolic link.
  CONDENSE_ENTRY_LINK = 2,
  /// A device, a pipe or another special file.
  CONDENSE_ENTRY_SPECIAL = 3,
  /// A file with holes.
  CONDENSE_ENTRY_SPARSE = 4,
  /// An encrypted file.
  CONDENSE_ENTRY_ENCRYPTED = 5,
};

/// An entry of an archive.
typedef struct {
  const char *path;  ///< the name, valid until the next call
  const char *link;  ///< the target of a link; NULL for other entries
  int hard;          ///< 1 for a hard link, whose target counts from the archive's root, not from the link's folder
  int type;          ///< one of the types above
  int64_t size;    ///< the declared size in bytes; -1 if it is unknown before reading
  int64_t offset;  ///< the content's offset in a plain tar, in bytes; -1 for other kinds
} condense_entry;

/// Opens a regular file and detects its kind by its content; returns NULL and sets `message` if it cannot be read.
condense_archive *condense_archive_open(const char *path, char message[256]);
/// Closes the file and frees the reader; NULL is allowed.
void condense_archive_close(condense_archive *archive);
/// Returns the file's kind.
int condense_archive_kind(const condense_archive *archive);
/// Returns the message of the last failure; owned by the reader.
const char *condense_archive_message(const condense_archive *archive);

/// Moves to the next entry and returns 1; returns 0 at the end, once the file was verified up to its last byte.
int condense_archive_next(condense_archive *archive, condense_entry *entry);

/// Reads the next bytes of the current entry; returns their number, 0 at the end.
int64_t condense_archive_read(condense_archive *archive, uint8_t *into, size_t count);

/// Reads the next bytes of the whole file, inflated if it is gzip; returns their number, 0 at the end.
///
/// A reader is used either with this function or with `condense_archive_next`.
int64_t condense_archive_stream(condense_archive *archive, uint8_t *into, size_t count);

/// Reads bytes at an offset of the file as stored; returns their number, less than `count` at the end.
int64_t condense_archive_at(condense_archive *archive, int64_t offset, uint8_t *into, size_t count);

#endif
