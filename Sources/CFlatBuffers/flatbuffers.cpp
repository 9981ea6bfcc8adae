#include "condense_flatbuffers.h"

#include <flatbuffers/flatbuffers.h>

struct condense_flatbuffer {
  flatbuffers::FlatBufferBuilder builder;
  flatbuffers::uoffset_t start = 0;
};

namespace {

/// A field that is written even where it has the schema's default: a reader sees the same either way.
template <typename Value>
void add(condense_flatbuffer *flatbuffer, uint16_t field, Value value) {
  flatbuffer->builder.AddElement<Value>(flatbuffers::FieldIndexToOffset(field), value);
}

template <typename Value>
condense_flatbuffer_offset vector(condense_flatbuffer *flatbuffer, const Value *values, size_t count) {
  return flatbuffer->builder.CreateVector(values, count).o;
}

}  // namespace

condense_flatbuffer *condense_flatbuffer_new(void) { return new condense_flatbuffer(); }

void condense_flatbuffer_free(condense_flatbuffer *flatbuffer) { delete flatbuffer; }

condense_flatbuffer_offset condense_flatbuffer_string(condense_flatbuffer *flatbuffer, const char *text, size_t length) {
  return flatbuffer->builder.CreateString(text, length).o;
}

condense_flatbuffer_offset condense_flatbuffer_bytes(
    condense_flatbuffer *flatbuffer, const uint8_t *bytes, size_t count, size_t alignment) {
  flatbuffer->builder.ForceVectorAlignment(count, sizeof(uint8_t), alignment);
  return vector(flatbuffer, bytes, count);
}

condense_flatbuffer_offset condense_flatbuffer_int32s(
    condense_flatbuffer *flatbuffer, const int32_t *values, size_t count) {
  return vector(flatbuffer, values, count);
}

condense_flatbuffer_offset condense_flatbuffer_int64s(
    condense_flatbuffer *flatbuffer, const int64_t *values, size_t count) {
  return vector(flatbuffer, values, count);
}

condense_flatbuffer_offset condense_flatbuffer_floats(
    condense_flatbuffer *flatbuffer, const float *values, size_t count) {
  return vector(flatbuffer, values, count);
}

condense_flatbuffer_offset condense_flatbuffer_tables(
    condense_flatbuffer *flatbuffer, const condense_flatbuffer_offset *tables, size_t count) {
  auto &builder = flatbuffer->builder;
  builder.StartVector(count, sizeof(flatbuffers::uoffset_t));
  for (size_t i = count; i > 0;) {
    builder.PushElement(flatbuffers::Offset<void>(tables[--i]));
  }
  return builder.EndVector(count);
}

void condense_flatbuffer_start_table(condense_flatbuffer *flatbuffer) {
  flatbuffer->builder.ForceDefaults(true);
  flatbuffer->start = flatbuffer->builder.StartTable();
}

void condense_flatbuffer_add_offset(condense_flatbuffer *flatbuffer, uint16_t field, condense_flatbuffer_offset value) {
  flatbuffer->builder.AddOffset(flatbuffers::FieldIndexToOffset(field), flatbuffers::Offset<void>(value));
}

void condense_flatbuffer_add_bool(condense_flatbuffer *flatbuffer, uint16_t field, bool value) {
  add<uint8_t>(flatbuffer, field, value ? 1 : 0);
}

void condense_flatbuffer_add_int8(condense_flatbuffer *flatbuffer, uint16_t field, int8_t value) {
  add(flatbuffer, field, value);
}

void condense_flatbuffer_add_uint8(condense_flatbuffer *flatbuffer, uint16_t field, uint8_t value) {
  add(flatbuffer, field, value);
}

void condense_flatbuffer_add_int32(condense_flatbuffer *flatbuffer, uint16_t field, int32_t value) {
  add(flatbuffer, field, value);
}

void condense_flatbuffer_add_uint32(condense_flatbuffer *flatbuffer, uint16_t field, uint32_t value) {
  add(flatbuffer, field, value);
}

void condense_flatbuffer_add_float(condense_flatbuffer *flatbuffer, uint16_t field, float value) {
  add(flatbuffer, field, value);
}

condense_flatbuffer_offset condense_flatbuffer_end_table(condense_flatbuffer *flatbuffer) {
  return flatbuffer->builder.EndTable(flatbuffer->start);
}

void condense_flatbuffer_finish(
    condense_flatbuffer *flatbuffer, condense_flatbuffer_offset root, const char identifier[4]) {
  const char name[5] = {identifier[0], identifier[1], identifier[2], identifier[3], 0};
  flatbuffer->builder.Finish(flatbuffers::Offset<void>(root), name);
}

const uint8_t *condense_flatbuffer_data(const condense_flatbuffer *flatbuffer, size_t *count) {
  *count = flatbuffer->builder.GetSize();
  return flatbuffer->builder.GetBufferPointer();
}
