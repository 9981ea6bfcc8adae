import Execution
import Graphs

/// How a device turns pixels into the network's input: by a table, so that it does as the host does, without floats.
struct CPixels: Sendable {
  /// By channel, 256 integers; one table where all channels are alike.
  let tables: [[Int8]]

  /// Given tables.
  init(tables: [[Int8]]) { self.tables = tables }

  /// The integers for pixels that the model's input describes.
  init(_ input: InputDescription, _ program: IntegerProgram) {
    let all = program.pixelTables(input)
    tables = all.dropFirst().allSatisfy { $0 == all.first } ? Array(all.prefix(1)) : all
  }

  /// The function `NAME_pixel`.
  func write(to writer: inout CWriter) {
    writer.array(CArray("@_pixels", .int8, tables.flatMap { $0 }))
    writer.code("")
    writer.code("int8_t @_pixel(uint8_t channel, uint8_t value) {")
    if tables.count == 1 {
      writer.code("  (void)channel;")
      writer.code("  return @@_BYTE(@_pixels + value);")
    } else {
      writer.code("  return @@_BYTE(@_pixels + 256 * channel + value);")
    }
    writer.code("}")
  }
}
