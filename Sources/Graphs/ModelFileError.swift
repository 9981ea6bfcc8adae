public import Settings
public import Tensors

/// Why a model file is refused or cannot be written; `file` is the path as the user gave it.
public enum ModelFileError: Error, Sendable, Equatable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)
  case notModel(file: String, expected: String, looksLike: String)
  case headerLength(file: String, declared: UInt64, limit: Int)
  case truncatedHeader(file: String, declared: Int, found: Int)
  case header(file: String, SettingsError)
  case notCondense(file: String)
  case schema(file: String, found: String)
  case metadata(file: String, key: String, SettingsError)
  case elementType(file: String, tensor: String, found: String)
  case tooLarge(file: String, tensor: String, limit: Int)
  case byteCount(file: String, tensor: String, shape: Shape, expected: Int, found: Int)
  case offsets(file: String, tensor: String, expected: Int, found: Int)
  case dataLength(file: String, expected: Int, found: Int)
  case graph(file: String, GraphReadingError)
  case classCount(file: String, classes: Int, output: Shape)
  case tooManyClasses(file: String, found: Int, limit: Int)
  case duplicateClass(file: String, name: String)
  case input(file: String, InputProblem)
  case encoded(file: String, name: String, encoding: String)
  case format(file: String, FormatProblem)

  /// What is wrong with the description of the input.
  public enum InputProblem: Sendable, Equatable, CustomStringConvertible {
    case shape(expected: [Shape], found: Shape)
    case channels(Int)
    case statistics(channels: Int, mean: Int, deviation: Int)
    case values(mean: [Float], deviation: [Float])

    /// What, expected, found.
    public var description: String {
      switch self {
      case .shape(let expected, let found):
        "the graph reads \(expected.map(\.description).joined(separator: " and ")), the input is \(found)"
      case .channels(let count):
        "expected an input of 1 or 3 channels, height and width, found \(count) channels"
      case .statistics(let channels, let mean, let deviation):
        "expected \(channels) means and deviations, found \(mean) and \(deviation)"
      case .values(let mean, let deviation):
        "means must be finite and deviations positive, found \(mean) and \(deviation)"
      }
    }
  }

  /// *where: what, expected, found; what to do*.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .unwritable(let file, let reason):
      "\(file): cannot be written: \(reason)"
    case .notModel(let file, let expected, let looksLike):
      "\(file): not a model: expected \(expected), found \(looksLike); models come from `condense train`"
    case .headerLength(let file, let declared, let limit):
      "\(file): damaged: the header is said to have \(declared) bytes, at most \(limit) are accepted"
    case .truncatedHeader(let file, let declared, let found):
      "\(file): cut off: the header is said to have \(declared) bytes, \(found) follow"
    case .header(let file, let error):
      "\(file): damaged header: \(error)"
    case .notCondense(let file):
      "\(file): safetensors, but no model of Condense: its metadata has no \"format\": \"condense\" with a graph; "
        + "models come from `condense train`"
    case .schema(let file, let found):
      "\(file): model schema \(found), expected 1; a newer condense wrote it"
    case .metadata(let file, let key, let error):
      "\(file): damaged metadata \"\(key)\": \(error)"
    case .elementType(let file, let tensor, let found):
      "\(file): tensor \"\(tensor)\": expected element type F32, found \(found)"
    case .tooLarge(let file, let tensor, let limit):
      "\(file): tensor \"\(tensor)\": expected at most 8 axes and \(limit) elements"
    case .byteCount(let file, let tensor, let shape, let expected, let found):
      "\(file): tensor \"\(tensor)\": \(shape) takes \(expected) bytes, its offsets give \(found)"
    case .offsets(let file, let tensor, let expected, let found):
      "\(file): tensor \"\(tensor)\": expected to begin at byte \(expected) of the data, found \(found); "
        + "tensors must neither overlap nor leave holes"
    case .dataLength(let file, let expected, let found):
      "\(file): \(found < expected ? "cut off" : "too long"): the tensors take \(expected) bytes, "
        + "\(found) follow the header"
    case .graph(let file, let error):
      "\(file): \(error)"
    case .classCount(let file, let classes, let output):
      "\(file): \(classes) class names for an output of \(output)"
    case .tooManyClasses(let file, let found, let limit):
      "\(file): \(found) classes, at most \(limit) are accepted"
    case .duplicateClass(let file, let name):
      "\(file): two classes are named \"\(name)\"; every class needs a name of its own"
    case .input(let file, let problem):
      "\(file): \(problem)"
    case .encoded(let file, let name, let encoding):
      "\(file): \"\(name)\" has the encoding \(encoding), expected dense floats, which is all that safetensors hold; "
        + "write a student file (.condensed)"
    case .format(let file, let problem):
      "\(file): \(problem)"
    }
  }
}

/// What is wrong with a file of a format that another module reads: what, expected, found; what to do. The error adds the file.
public protocol FileProblem: Error, Sendable, Equatable, CustomStringConvertible {}

/// A problem of some format, as an error of model files carries it.
public struct FormatProblem: Sendable, Equatable, CustomStringConvertible {
  /// The problem in its format's own words.
  public let problem: any FileProblem

  /// Makes one of a format's problem.
  public init(_ problem: any FileProblem) { self.problem = problem }

  public var description: String { "\(problem)" }

  public static func == (a: Self, b: Self) -> Bool { a.problem.isEqual(to: b.problem) }
}

extension FileProblem {
  fileprivate func isEqual(to other: any FileProblem) -> Bool { self == other as? Self }
}
