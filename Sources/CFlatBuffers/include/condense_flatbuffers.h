#ifndef CONDENSE_FLATBUFFERS_H
#define CONDENSE_FLATBUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A FlatBuffer in the making: Debian's header-only C++ builder behind C. Children are written before their parents, and an
/// offset stands for a finished child. A table's fields are named by their position in the schema.
typedef struct condense_flatbuffer condense_flatbuffer;
typedef uint32_t condense_flatbuffer_offset;

condense_flatbuffer *condense_flatbuffer_new(void);
void condense_flatbuffer_free(condense_flatbuffer *builder);

condense_flatbuffer_offset condense_flatbuffer_string(condense_flatbuffer *builder, const char *text, size_t length);
/// A vector of bytes whose first one lies at a multiple of `alignment` in the file.
condense_flatbuffer_offset condense_flatbuffer_bytes(
    condense_flatbuffer *builder, const uint8_t *bytes, size_t count, size_t alignment);
condense_flatbuffer_offset condense_flatbuffer_int32s(condense_flatbuffer *builder, const int32_t *values, size_t count);
condense_flatbuffer_offset condense_flatbuffer_int64s(condense_flatbuffer *builder, const int64_t *values, size_t count);
condense_flatbuffer_offset condense_flatbuffer_floats(condense_flatbuffer *builder, const float *values, size_t count);
condense_flatbuffer_offset condense_flatbuffer_tables(
    condense_flatbuffer *builder, const condense_flatbuffer_offset *tables, size_t count);

void condense_flatbuffer_start_table(condense_flatbuffer *builder);
void condense_flatbuffer_add_offset(condense_flatbuffer *builder, uint16_t field, condense_flatbuffer_offset value);
void condense_flatbuffer_add_bool(condense_flatbuffer *builder, uint16_t field, bool value);
void condense_flatbuffer_add_int8(condense_flatbuffer *builder, uint16_t field, int8_t value);
void condense_flatbuffer_add_uint8(condense_flatbuffer *builder, uint16_t field, uint8_t value);
void condense_flatbuffer_add_int32(condense_flatbuffer *builder, uint16_t field, int32_t value);
void condense_flatbuffer_add_uint32(condense_flatbuffer *builder, uint16_t field, uint32_t value);
void condense_flatbuffer_add_float(condense_flatbuffer *builder, uint16_t field, float value);
condense_flatbuffer_offset condense_flatbuffer_end_table(condense_flatbuffer *builder);

/// Ends the buffer with its root and an identifier of four characters.
void condense_flatbuffer_finish(condense_flatbuffer *builder, condense_flatbuffer_offset root, const char identifier[4]);
/// The finished bytes, which live as long as the builder.
const uint8_t *condense_flatbuffer_data(const condense_flatbuffer *builder, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
