public import Graphs
import Ops
import Settings
import Tensors

/// Reads and writes students, `.condensed`: all that a device needs, in the fewest bytes that encodings
/// allow.
///
///     try StudentFile.write(model, to: "student.condensed", coded: true)
///     let model = try StudentFile.read("student.condensed")
///
/// The file holds the signature (4 bytes), the version (1 byte), and two sections, the header and the
/// parameters. A section is its length (little-endian, 7 bits a byte, the highest bit set where more follow),
/// its contents, and the CRC-32 of both (4 bytes, little-endian). The header is the text of `StudentHeader`,
/// packed by `TextPacking`. The parameters are bits without gaps: for each stream of each tensor, the number
/// of its symbols by `SymbolCount` and the symbols by `SymbolCoding`.
///
/// Equal models give equal bytes. A file is untrusted: whatever it holds, reading gives a verified model or
/// throws, in memory proportional to the file. A symbol takes at least one bit. A mask may leave stored
/// elements out, so a file may have at most 1,024 elements a byte, or 2²⁴.
public enum StudentFile {
  static let signature = FileKind.studentSignature
  /// The version that is written; version 1, which has fewer forms of places, is read too.
  static let version = 2

  /// The bytes of a model's file.
  ///
  /// If `coded`, Huffman codes are used where they are smaller; else symbols are packed to their widths.
  /// Throws for models that `read` would refuse, and for encodings that act in training alone.
  public static func bytes(
    of model: Model, coded: Bool, file: String = "model"
  ) throws(ModelFileError) -> [UInt8] {
    try written(model, coded: coded, file: file).bytes
  }

  /// Writes the whole file, or leaves the file that was there.
  public static func write(_ model: Model, to path: String, coded: Bool) throws(ModelFileError) {
    let bytes = try bytes(of: model, coded: coded, file: path)
    do throws(SystemError) {
      try WholeFile.write(bytes, to: path)
    } catch {
      throw .unwritable(file: path, reason: "\(error)")
    }
  }

  /// The bytes of a model's file, packed and with Huffman codes.
  public static func sizes(of model: Model) throws(ModelFileError) -> (fileBytes: Int, codedBytes: Int) {
    (try bytes(of: model, coded: false).count, try bytes(of: model, coded: true).count)
  }

  /// The size of each parameter in the file, in the order of nodes and slots.
  public static func tensorSizes(of model: Model, coded: Bool) throws(ModelFileError) -> [TensorSize] {
    try written(model, coded: coded, file: "model").sizes
  }

  /// True if a student file may begin with these bytes.
  public static func isBeginning(_ bytes: [UInt8]) -> Bool { bytes.starts(with: signature) }

  private static func written(
    _ model: Model, coded: Bool, file: String
  ) throws(ModelFileError) -> (bytes: [UInt8], sizes: [TensorSize]) {
    var model = model
    for name in model.graph.parameters.keys.sorted() {
      guard let parameter = model.graph.parameters[name] else { continue }
      if parameter.encoding is any TrainingEncoding {
        throw .student(file: file, .inTraining(tensor: name, encoding: parameter.encoding.kind))
      }
      model.graph.parameters[name]?.value = parameter.projected
    }
    try ModelFile.check(model, file: file)
    var body = ParameterWriter(coded: coded)
    for (name, slot) in model.graph.orderedSlots {
      guard let parameter = model.graph.parameters[name] else { continue }
      body.write(parameter, name: name, shape: slot.shape)
    }
    let header = StudentHeader(of: model, layouts: body.layouts, tensors: body.tensors)
    var text = BitWriter()
    TextPacking.write(header.text(of: model.graph), to: &text)
    var bytes = signature + [UInt8(version)]
    FileSection.append(text.finish(), to: &bytes)
    FileSection.append(body.finish(), to: &bytes)
    try requireElements(of: model.graph, fileBytes: bytes.count, file: file)
    return (bytes, body.sizes)
  }

  /// Refuses networks whose elements would take memory out of proportion to the file.
  private static func requireElements(
    of graph: Graph, fileBytes: Int, file: String
  ) throws(ModelFileError) {
    let limit = max(1 << 24, 1024 * fileBytes)
    var elements = 0
    for (_, slot) in graph.orderedSlots { elements += slot.shape.count }
    guard elements <= limit else {
      throw .student(file: file, .elements(expected: limit, found: elements))
    }
  }
}

extension StudentFile {
  /// Reads a model from a file; a file that does not begin like one is refused before the rest is read.
  public static func read(_ path: String) throws(ModelFileError) -> Model {
    let bytes = try ModelFile.contents(of: path, expected: "a student file", accepting: isBeginning)
    return try read(bytes: bytes, file: path)
  }

  /// Reads a model from a file's bytes; `file` is named in errors.
  public static func read(bytes: [UInt8], file: String) throws(ModelFileError) -> Model {
    guard isBeginning(bytes) else {
      throw .notModel(file: file, expected: "a student file", looksLike: FileKind.description(of: bytes))
    }
    let ranges: (header: Range<Int>, parameters: Range<Int>)
    do throws(StudentFileProblem) {
      ranges = try sections(of: bytes)
    } catch {
      throw .student(file: file, error)
    }
    return try model(bytes, header: ranges.header, parameters: ranges.parameters, file: file)
  }

  /// The ranges of the sections' contents, after their checksums were verified.
  static func sections(
    of bytes: [UInt8]
  ) throws(StudentFileProblem) -> (header: Range<Int>, parameters: Range<Int>) {
    guard bytes.count > signature.count else {
      throw .cutOff(section: "the version", expected: 1, found: 0)
    }
    let found = Int(bytes[signature.count])
    guard (1...version).contains(found) else { throw .version(found: found, known: version) }
    let header = try FileSection.contents("the header", in: bytes, from: signature.count + 1)
    let parameters = try FileSection.contents(
      "the parameters", in: bytes, from: header.upperBound + FileSection.checksumBytes)
    let end = parameters.upperBound + FileSection.checksumBytes
    guard end == bytes.count else { throw .tooLong(extra: bytes.count - end) }
    return (header, parameters)
  }

  private static func model(
    _ bytes: [UInt8], header range: Range<Int>, parameters: Range<Int>, file: String
  ) throws(ModelFileError) -> Model {
    let header = try header(bytes, range, file: file)
    var graph: Graph
    do throws(GraphReadingError) {
      graph = try Graph(structure: header.structure, catalogue: .standard, encodings: .standard)
    } catch {
      throw .graph(file: file, error)
    }
    try requireElements(of: graph, fileBytes: bytes.count, file: file)
    var reader = ParameterReader(BitReader(bytes, in: parameters), layouts: header.layouts)
    do throws(StudentFileProblem) {
      graph.parameters = try reader.parameters(graph.orderedSlots, layouts: header.tensors)
    } catch {
      throw .student(file: file, error)
    }
    let model = Model(
      graph: graph, classes: header.classes, input: header.input, split: header.split,
      provenance: header.provenance)
    try ModelFile.check(model, file: file)
    return model
  }

  private static func header(
    _ bytes: [UInt8], _ range: Range<Int>, file: String
  ) throws(ModelFileError) -> StudentHeader {
    var reader = BitReader(bytes, in: range)
    let text: [UInt8]
    do throws(CodingError) {
      text = try TextPacking.read(from: &reader)
      try reader.requireEnd()
    } catch {
      throw .student(file: file, error.problem(in: "the header"))
    }
    do throws(SettingsError) { return try StudentHeader(text: text) } catch {
      throw .header(file: file, error)
    }
  }
}

extension Graph {
  /// Every parameter that the nodes own, in the order in which a student file holds them.
  var orderedSlots: [(name: String, slot: ParameterSlot)] { nodes.flatMap { slots(of: $0) } }
}

/// A part of a file: its length, its bytes, and a checksum of both.
enum FileSection {
  /// The bytes of a checksum.
  static let checksumBytes = 4
  /// The most bytes of a length, for 63 bits.
  private static let maximumLengthBytes = 9

  /// Appends a section.
  static func append(_ contents: [UInt8], to bytes: inout [UInt8]) {
    let start = bytes.count
    var rest = contents.count
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    bytes += contents
    let checksum = Checksum.crc32(bytes[start...])
    for shift in 0..<checksumBytes { bytes.append(UInt8(truncatingIfNeeded: checksum >> UInt32(8 * shift))) }
  }

  /// The range of the contents of the section that begins at `start`, after its checksum was verified.
  static func contents(
    _ section: String, in bytes: [UInt8], from start: Int
  ) throws(StudentFileProblem) -> Range<Int> {
    var length = 0
    var begin = start
    repeat {
      guard begin < bytes.count else { throw .cutOff(section: section, expected: 1, found: 0) }
      guard begin - start < maximumLengthBytes else {
        throw .damaged(
          section: section, what: "length", expected: "at most \(maximumLengthBytes) bytes", found: "more")
      }
      length |= Int(bytes[begin] & 0x7F) << (7 * (begin - start))
      begin += 1
    } while bytes[begin - 1] & 0x80 != 0
    let left = bytes.count - begin
    guard length <= left - checksumBytes else {
      throw .cutOff(section: section, expected: length, found: max(0, left - checksumBytes))
    }
    let end = begin + length
    let declared = (0..<checksumBytes).reduce(UInt32(0)) { $0 | UInt32(bytes[end + $1]) << UInt32(8 * $1) }
    let found = Checksum.crc32(bytes[start..<end])
    guard declared == found else {
      throw .checksum(section: section, expected: declared, found: found)
    }
    return begin..<end
  }
}

extension CodingError {
  /// The problem of a file, with the section named.
  func problem(in section: String) -> StudentFileProblem {
    switch self {
    case .ended(let needed, let left):
      .damaged(section: section, what: "bits", expected: "\(needed) more", found: "\(left)")
    case .invalid(let what, let expected, let found):
      .damaged(section: section, what: what, expected: expected, found: found)
    }
  }
}
