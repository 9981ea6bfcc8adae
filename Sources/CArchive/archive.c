#define _GNU_SOURCE
#include "CArchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define BLOCK (256 * 1024)

struct condense_archive {
  int fd, kind, gzip, inflating, finished, entries;
  int64_t position;  // of the next byte to read from the file
  z_stream z;
  struct archive *reader;
  locale_t utf8;
  char message[256];
  uint8_t input[BLOCK], output[BLOCK];
};

static int64_t failed(condense_archive *a, const char *text) {
  snprintf(a->message, sizeof a->message, "%s", text);
  return -1;
}

static int64_t stored(condense_archive *a, int64_t offset, uint8_t *into, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t n = pread(a->fd, into + done, count - done, offset + (int64_t)done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed(a, strerrordesc_np(errno));
    if (n == 0) break;
    done += (size_t)n;
  }
  return (int64_t)done;
}

static int64_t next_stored(condense_archive *a, uint8_t *into, size_t count) {
  int64_t n = stored(a, a->position, into, count);
  if (n > 0) a->position += n;
  return n;
}

static int64_t refill(condense_archive *a) {
  int64_t n = next_stored(a, a->input, BLOCK);
  if (n < 0) return n;
  a->z.next_in = a->input;
  a->z.avail_in = (uInt)n;
  return n;
}

// After one gzip stream: another follows (1), or nothing but zero padding (0).
static int64_t another_gzip_stream(condense_archive *a) {
  for (;;) {
    if (a->z.avail_in == 0) {
      int64_t n = refill(a);
      if (n <= 0) return n;
    }
    if (*a->z.next_in == 0x1F) break;
    if (*a->z.next_in != 0) return failed(a, "bytes that are no gzip data follow the gzip data");
    a->z.next_in++;
    a->z.avail_in--;
  }
  if (inflateReset(&a->z) != Z_OK) return failed(a, "zlib could not start");
  return 1;
}

static int64_t inflated(condense_archive *a, uint8_t *into, size_t count) {
  a->z.next_out = into;
  a->z.avail_out = (uInt)count;
  while (a->z.avail_out > 0 && !a->finished) {
    if (a->z.avail_in == 0) {
      int64_t n = refill(a);
      if (n < 0) return n;
      if (n == 0) return failed(a, "the gzip data end too early");
    }
    int status = inflate(&a->z, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      int64_t more = another_gzip_stream(a);
      if (more < 0) return more;
      a->finished = more == 0;
    } else if (status != Z_OK) {
      return failed(a, a->z.msg ? a->z.msg : "damaged gzip data");
    }
  }
  return (int64_t)(count - a->z.avail_out);
}

int64_t condense_archive_stream(condense_archive *a, uint8_t *into, size_t count) {
  if (count > BLOCK) count = BLOCK;
  return a->gzip ? inflated(a, into, count) : next_stored(a, into, count);
}

int64_t condense_archive_at(condense_archive *a, int64_t offset, uint8_t *into, size_t count) {
  return stored(a, offset, into, count);
}

static la_ssize_t read_callback(struct archive *reader, void *data, const void **bytes) {
  condense_archive *a = data;
  int64_t n = condense_archive_stream(a, a->output, BLOCK);
  if (n < 0) archive_set_error(reader, EIO, "%s", a->message);
  *bytes = a->output;
  return n;
}

static int64_t length(condense_archive *a) {
  struct stat info;
  return fstat(a->fd, &info) == 0 ? info.st_size : -1;
}

static la_int64_t skip_callback(struct archive *reader, void *data, la_int64_t count) {
  (void)reader;
  condense_archive *a = data;
  if (a->gzip || count < BLOCK) return 0;
  int64_t left = length(a) - a->position;
  if (count > left) return 0;  // reading on will meet the end
  a->position += count;
  return count;
}

static la_int64_t seek_callback(struct archive *reader, void *data, la_int64_t offset, int whence) {
  condense_archive *a = data;
  int64_t size = length(a);
  int64_t to = whence == SEEK_SET ? offset : whence == SEEK_CUR ? a->position + offset : size + offset;
  if (size < 0 || to < 0) {
    archive_set_error(reader, EINVAL, "an offset outside the file");
    return ARCHIVE_FATAL;
  }
  return a->position = to;
}

static int is_tar_header(const uint8_t *block) {
  unsigned stated = 0, sum = 0;
  int plain = 0;
  int i = 148;
  while (i < 156 && block[i] == ' ') i++;
  for (; i < 156 && block[i] >= '0' && block[i] <= '7'; i++) stated = stated * 8 + (block[i] - '0');
  for (int at = 0; at < 512; at++) {
    int inside = at >= 148 && at < 156;
    sum += inside ? ' ' : block[at];
    plain += inside ? ' ' : (int8_t)block[at];
  }
  return block[0] != 0 && (stated == sum || (int)stated == plain);
}

static void detect(condense_archive *a) {
  uint8_t start[512];
  int64_t n = stored(a, 0, start, sizeof start);
  if (n >= 4 && memcmp(start, "PK", 2) == 0 && (memcmp(start + 2, "\3\4", 2) == 0 || memcmp(start + 2, "\5\6", 2) == 0)) {
    a->kind = CONDENSE_KIND_ZIP;
  } else if (n == 512 && is_tar_header(start)) {
    a->kind = CONDENSE_KIND_TAR;
  } else if (n >= 3 && start[0] == 0x1F && start[1] == 0x8B && start[2] == 8) {
    a->gzip = 1;
    if (inflateInit2(&a->z, 15 + 16) != Z_OK) return;
    a->inflating = 1;
    int full = inflated(a, start, sizeof start) == 512;
    a->kind = full && is_tar_header(start) ? CONDENSE_KIND_TAR_GZIP : CONDENSE_KIND_GZIP;
    inflateReset(&a->z);
    a->z.avail_in = 0;
    a->finished = 0;
    a->position = 0;
    a->message[0] = 0;
  }
}

condense_archive *condense_archive_open(const char *path, char message[256]) {
  condense_archive *a = malloc(sizeof *a);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat info;
  const char *reason = NULL;
  if (!a) reason = "out of memory";
  else if (fd < 0 || fstat(fd, &info) != 0) reason = strerrordesc_np(errno);
  else if (!S_ISREG(info.st_mode)) reason = "not a regular file";
  if (reason) {
    snprintf(message, 256, "%s", reason);
    if (fd >= 0) close(fd);
    free(a);
    return NULL;
  }
  memset(a, 0, offsetof(condense_archive, input));
  a->fd = fd;
  a->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  detect(a);
  return a;
}

void condense_archive_close(condense_archive *a) {
  if (!a) return;
  if (a->reader) archive_read_free(a->reader);
  if (a->inflating) inflateEnd(&a->z);
  if (a->utf8) freelocale(a->utf8);
  close(a->fd);
  free(a);
}

int condense_archive_kind(const condense_archive *a) { return a->kind; }

const char *condense_archive_message(const condense_archive *a) { return a->message; }

static int reader_failed(condense_archive *a) {
  const char *text = archive_error_string(a->reader);
  failed(a, text && *text ? text : "damaged");
  return -1;
}

static int start_reader(condense_archive *a) {
  a->reader = archive_read_new();
  if (!a->reader) return (int)failed(a, "out of memory");
  if (a->kind == CONDENSE_KIND_ZIP) {
    archive_read_support_format_zip_seekable(a->reader);
    archive_read_set_seek_callback(a->reader, seek_callback);
  } else {
    archive_read_support_format_tar(a->reader);
  }
  archive_read_set_read_callback(a->reader, read_callback);
  archive_read_set_skip_callback(a->reader, skip_callback);
  archive_read_set_callback_data(a->reader, a);
  return archive_read_open1(a->reader) == ARCHIVE_OK ? 0 : reader_failed(a);
}

static int entry_type(struct archive_entry *entry) {
  if (archive_entry_hardlink(entry) || archive_entry_symlink(entry)) return CONDENSE_ENTRY_LINK;
  unsigned type = archive_entry_filetype(entry);
  if (type == AE_IFDIR) return CONDENSE_ENTRY_FOLDER;
  if (type == AE_IFLNK) return CONDENSE_ENTRY_LINK;
  if (type != AE_IFREG) return CONDENSE_ENTRY_SPECIAL;
  if (archive_entry_is_encrypted(entry)) return CONDENSE_ENTRY_ENCRYPTED;
  return archive_entry_sparse_count(entry) > 0 ? CONDENSE_ENTRY_SPARSE : CONDENSE_ENTRY_FILE;
}

// libarchive stops at a tar's end mark and also, without a word, at a missing one.
static int finish(condense_archive *a, int64_t end) {
  if (a->kind != CONDENSE_KIND_ZIP && archive_filter_bytes(a->reader, 0) - end < 512)
    return (int)failed(a, "the tar ends without its end mark");
  int64_t n;
  while (a->gzip && (n = condense_archive_stream(a, a->output, BLOCK)) != 0)
    if (n < 0) return -1;
  return 0;
}

static int next_entry(condense_archive *a, condense_entry *entry) {
  struct archive_entry *found;
  if (!a->reader && start_reader(a) < 0) return -1;
  if (a->entries > 0 && archive_read_data_skip(a->reader) != ARCHIVE_OK) return reader_failed(a);
  int64_t end = a->entries > 0 ? archive_filter_bytes(a->reader, 0) : 0;
  int status = archive_read_next_header(a->reader, &found);
  if (status == ARCHIVE_EOF) return finish(a, end);
  if (status != ARCHIVE_OK) return reader_failed(a);
  a->entries++;
  entry->path = archive_entry_pathname(found);
  if (!entry->path) entry->path = archive_entry_pathname_utf8(found);
  if (!entry->path) return (int)failed(a, "a member without a readable name");
  const char *hard = archive_entry_hardlink(found);
  entry->link = hard ? hard : archive_entry_symlink(found);
  entry->hard = hard != NULL;
  entry->type = entry_type(found);
  entry->size = archive_entry_size_is_set(found) ? archive_entry_size(found) : -1;
  entry->offset = a->kind == CONDENSE_KIND_TAR ? archive_filter_bytes(a->reader, 0) : -1;
  return 1;
}

int condense_archive_next(condense_archive *a, condense_entry *entry) {
  if (a->kind == CONDENSE_KIND_GZIP) {
    *entry = (condense_entry){.path = "", .type = CONDENSE_ENTRY_FILE, .size = -1, .offset = -1};
    return a->entries++ == 0;
  }
  locale_t before = a->utf8 ? uselocale(a->utf8) : (locale_t)0;
  int result = next_entry(a, entry);
  if (before) uselocale(before);
  return result;
}

int64_t condense_archive_read(condense_archive *a, uint8_t *into, size_t count) {
  if (a->kind == CONDENSE_KIND_GZIP) return condense_archive_stream(a, into, count);
  la_ssize_t n = archive_read_data(a->reader, into, count);
  return n < 0 ? reader_failed(a) : n;
}
