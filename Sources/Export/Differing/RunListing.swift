import Foundation

/// The layers that a Python script wrote: a name, a shape and numbers for each.
struct RunListing {
  /// One layer.
  struct Entry {
    let name: String
    /// The shape without the batch.
    let extents: [Int]
    let values: [Float]
  }

  let layers: [Entry]

  /// Reads the output of `write_layers`: a line with name and shape for each layer, an empty line, and all
  /// numbers.
  init(data: Data) throws {
    let separator = Data([0x0A, 0x0A])
    guard let end = data.range(of: separator) else {
      throw ProgramFailure(program: "python", text: "left no list of layers")
    }
    let numbers = [Float](littleEndian: [UInt8](data[end.upperBound...]))
    var start = 0
    var layers: [Entry] = []
    for line in String(decoding: data[..<end.lowerBound], as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      let extents = parts.dropFirst().compactMap { Int($0) }
      let count = extents.reduce(1, *)
      guard let name = parts.first, extents.count == parts.count - 1, count >= 0,
        start + count <= numbers.count
      else { throw ProgramFailure(program: "python", text: "left a list of layers that is no list") }
      layers.append(
        Entry(name: String(name), extents: extents, values: Array(numbers[start..<start + count])))
      start += count
    }
    self.layers = layers
  }

  /// A script of the resources, after the function that writes layers.
  static func script(_ body: [UInt8]) -> String {
    String(decoding: PackageResources.write_layers_py + body, as: UTF8.self)
  }
}
