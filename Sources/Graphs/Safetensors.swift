import Settings
public import Tensors

/// The container of a model: a little-endian header length, a JSON header, and the tensors one after another.
///
/// The layout is that of the safetensors library: names map to `dtype`, `shape` and `data_offsets`, texts sit
/// under `__metadata__`, the header is padded with spaces to a multiple of 8 bytes. Only F32 is read and
/// written.
public struct Safetensors: Sendable, Equatable {
  /// The largest header that is read, in bytes.
  static let maximumHeaderBytes = 16 << 20
  static let metadataKey = "__metadata__"

  /// The texts beside the tensors.
  public var metadata: [String: String]
  /// The tensors by name.
  public var tensors: [String: Tensor]

  /// Makes a container.
  public init(metadata: [String: String], tensors: [String: Tensor]) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// The file's bytes: equal contents give equal bytes.
  public var bytes: [UInt8] {
    let names = tensors.keys.sorted()
    var fields = [
      (Self.metadataKey, SettingsNode(.mapping(metadata.sorted { $0.key < $1.key }.map(Self.entry))))
    ]
    var offset = 0
    for name in names {
      guard let tensor = tensors[name] else { continue }
      let end = offset + tensor.values.count * 4
      fields.append((name, Self.describe(tensor.shape, offset..<end)))
      offset = end
    }
    let mark = SettingsMark(source: "built-in")
    let header = SettingsNode(.mapping(fields.map { SettingsNode.Entry(key: $0.0, mark: mark, value: $0.1) }))
    var text = Array(header.compactJSON.utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(8 + text.count + offset)
    for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: text.count >> (8 * shift))) }
    bytes += text
    for name in names { LittleEndian.append(tensors[name]?.values ?? [], to: &bytes) }
    return bytes
  }

  private static func entry(_ pair: (key: String, value: String)) -> SettingsNode.Entry {
    SettingsNode.Entry(key: pair.key, mark: SettingsMark(source: "built-in"), value: pair.value.node)
  }

  private static func describe(_ shape: Shape, _ range: Range<Int>) -> SettingsNode {
    SettingsNode(mapping: [
      "dtype": "F32".node, "shape": shape.settingsNode,
      "data_offsets": [range.lowerBound, range.upperBound].node,
    ])
  }
}

extension Safetensors {
  /// Reads a file's bytes; it allocates no more than the file holds.
  public init(bytes: [UInt8], file: String) throws(ModelFileError) {
    let header = try Self.headerRange(of: bytes, file: file)
    let contents: HeaderContents
    do throws(SettingsError) {
      contents = try HeaderContents(SettingsNode(json: bytes[header], source: "header"))
    } catch {
      throw .header(file: file, error)
    }
    metadata = contents.metadata
    tensors = [:]
    var end = 0
    for stored in contents.tensors.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      let byteCount = try stored.checkedByteCount(file: file, following: end)
      guard byteCount <= bytes.count - header.upperBound - end else {
        throw .dataLength(file: file, expected: stored.end, found: bytes.count - header.upperBound)
      }
      let start = header.upperBound + end
      tensors[stored.name] = Tensor(
        LittleEndian.floats(bytes[start..<(start + byteCount)]), shape: Shape(stored.shape))
      end += byteCount
    }
    guard header.upperBound + end == bytes.count else {
      throw .dataLength(file: file, expected: end, found: bytes.count - header.upperBound)
    }
  }

  /// True if a file may begin with these bytes: a length and the brace that opens the header.
  public static func isBeginning(_ bytes: [UInt8]) -> Bool {
    bytes.count > 8 && bytes[8] == UInt8(ascii: "{")
  }

  /// The range of the header's text, found from its length and first byte alone.
  private static func headerRange(of bytes: [UInt8], file: String) throws(ModelFileError) -> Range<Int> {
    guard isBeginning(bytes) else {
      throw .notModel(file: file, expected: "safetensors", looksLike: FileKind.description(of: bytes))
    }
    let declared = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << UInt64(8 * $1) }
    guard declared <= maximumHeaderBytes else {
      throw .headerLength(file: file, declared: declared, limit: maximumHeaderBytes)
    }
    let length = Int(declared)
    guard length <= bytes.count - 8 else {
      throw .truncatedHeader(file: file, declared: length, found: bytes.count - 8)
    }
    return 8..<(8 + length)
  }
}

/// The header as it is written, before its claims are held against the bytes.
private struct HeaderContents {
  var metadata: [String: String] = [:]
  var tensors: [ClaimedTensor] = []

  init(_ node: SettingsNode) throws(SettingsError) {
    for entry in try node.mapping("header") {
      if entry.key == Safetensors.metadataKey {
        for text in try entry.value.mapping(entry.key) {
          metadata[text.key] = try text.value.string(text.key)
        }
      } else {
        tensors.append(try ClaimedTensor(entry))
      }
    }
  }
}

/// One tensor as the header claims it.
private struct ClaimedTensor {
  let name: String
  let elementType: String
  let shape: [Int]
  let begin: Int
  let end: Int

  init(_ entry: SettingsNode.Entry) throws(SettingsError) {
    let owner = "tensor \"\(entry.key)\""
    try entry.value.requireKeys(["dtype", "shape", "data_offsets"], of: owner)
    name = entry.key
    elementType = try entry.value.required("dtype", of: owner).string("dtype")
    shape = try [Int](reading: entry.value.required("shape", of: owner), key: "shape")
    let offsets = try entry.value.required("data_offsets", of: owner)
    let ends = try [Int](reading: offsets, key: "data_offsets")
    guard ends.count == 2, ends[0] >= 0, ends[1] >= ends[0] else {
      throw .outOfRange(
        offsets.mark, key: "data_offsets", expected: "a begin and an end not before it",
        found: "\(ends.prefix(4))")
    }
    begin = ends[0]
    end = ends[1]
  }

  /// The bytes that the shape takes, after checking type, shape and offsets against one another.
  func checkedByteCount(file: String, following position: Int) throws(ModelFileError) -> Int {
    guard elementType == "F32" else { throw .elementType(file: file, tensor: name, found: elementType) }
    guard begin == position else {
      throw .offsets(file: file, tensor: name, expected: position, found: begin)
    }
    guard shape.count <= 8, let elements = Shape(shape).count(upTo: Graph.maximumElements) else {
      throw .tooLarge(file: file, tensor: name, limit: Graph.maximumElements)
    }
    guard elements * 4 == end - begin else {
      throw .byteCount(
        file: file, tensor: name, shape: Shape(shape), expected: elements * 4, found: end - begin)
    }
    return elements * 4
  }
}
