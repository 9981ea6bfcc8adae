#ifndef CONDENSE_FLATBUFFERS_H
#define CONDENSE_FLATBUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A builder of a FlatBuffer: the header-only C++ builder behind a C interface.
///
/// Children are written before their parents; an offset stands for a finished child. Fields of tables are named by
/// their position in the schema.
typedef struct condense_flatbuffer condense_flatbuffer;
/// A finished string, vector or table within its builder.
typedef uint32_t condense_flatbuffer_offset;

/// Makes an empty builder.
condense_flatbuffer *condense_flatbuffer_new(void);
/// Frees a builder with its bytes; null is allowed.
void condense_flatbuffer_free(condense_flatbuffer *builder);

/// Writes a string of `length` bytes in UTF-8.
condense_flatbuffer_offset condense_flatbuffer_string(condense_flatbuffer *builder, const char *text, size_t length);
/// Writes a vector of bytes, the first at a multiple of `alignment` in the file.
condense_flatbuffer_offset condense_flatbuffer_bytes(
    condense_flatbuffer *builder, const uint8_t *bytes, size_t count, size_t alignment);
/// Writes a vector of 32-bit integers.
condense_flatbuffer_offset condense_flatbuffer_int32s(condense_flatbuffer *builder, const int32_t *values, size_t count);
/// Writes a vector of 64-bit integers.
condense_flatbuffer_offset condense_flatbuffer_int64s(condense_flatbuffer *builder, const int64_t *values, size_t count);
/// Writes a vector of floats.
condense_flatbuffer_offset condense_flatbuffer_floats(condense_flatbuffer *builder, const float *values, size_t count);
/// Writes a vector of finished tables or strings.
condense_flatbuffer_offset condense_flatbuffer_tables(
    condense_flatbuffer *builder, const condense_flatbuffer_offset *tables, size_t count);

/// Starts a table; tables do not nest. Fields are written even if they have the schema's default.
void condense_flatbuffer_start_table(condense_flatbuffer *builder);
/// Sets a field to a finished child.
void condense_flatbuffer_add_offset(condense_flatbuffer *builder, uint16_t field, condense_flatbuffer_offset value);
/// Sets a field to a number of the type that the schema gives it.
void condense_flatbuffer_add_bool(condense_flatbuffer *builder, uint16_t field, bool value);
void condense_flatbuffer_add_int8(condense_flatbuffer *builder, uint16_t field, int8_t value);
void condense_flatbuffer_add_uint8(condense_flatbuffer *builder, uint16_t field, uint8_t value);
void condense_flatbuffer_add_int32(condense_flatbuffer *builder, uint16_t field, int32_t value);
void condense_flatbuffer_add_uint32(condense_flatbuffer *builder, uint16_t field, uint32_t value);
void condense_flatbuffer_add_float(condense_flatbuffer *builder, uint16_t field, float value);
/// Ends the table and returns it.
condense_flatbuffer_offset condense_flatbuffer_end_table(condense_flatbuffer *builder);

/// Finishes the buffer with its root table and an identifier of four characters.
void condense_flatbuffer_finish(condense_flatbuffer *builder, condense_flatbuffer_offset root, const char identifier[4]);
/// Returns the finished bytes and their count; owned by the builder.
const uint8_t *condense_flatbuffer_data(const condense_flatbuffer *builder, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
