import Execution
import Graphs

/// Tables from pixels to the network's input, so that a device needs no floats and computes as the host does.
struct CPixels: Sendable {
  /// 256 integers for each channel; one table where all channels are alike.
  let tables: [[Int8]]

  /// Takes given tables.
  init(tables: [[Int8]]) { self.tables = tables }

  /// Makes the tables of a model's input description.
  init(_ input: InputDescription, _ program: IntegerProgram) {
    let all = program.pixelTables(input)
    tables = all.dropFirst().allSatisfy { $0 == all.first } ? Array(all.prefix(1)) : all
  }

  /// Writes the tables and the function `NAME_pixel`.
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
