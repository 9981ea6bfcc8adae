public import Settings
public import Tensors

/// An error of a model file; `file` is the path as the user gave it.
public enum ModelFileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file cannot be read.
  case unreadable(file: String, reason: String)
  /// The file cannot be written.
  case unwritable(file: String, reason: String)
  /// The file is not a model.
  case notModel(file: String, expected: String, looksLike: String)
  /// The declared length of the header exceeds the limit.
  case headerLength(file: String, declared: UInt64, limit: Int)
  /// The file ends within its header.
  case truncatedHeader(file: String, declared: Int, found: Int)
  /// The header is not valid JSON of a container.
  case header(file: String, SettingsError)
  /// The file is safetensors without a model of Condense.
  case notCondense(file: String)
  /// The model has another schema than this version reads.
  case schema(file: String, found: String)
  /// A text of the metadata cannot be read.
  case metadata(file: String, key: String, SettingsError)
  /// A tensor has another element type than F32.
  case elementType(file: String, tensor: String, found: String)
  /// A tensor has too many axes or elements.
  case tooLarge(file: String, tensor: String, limit: Int)
  /// The bytes of a tensor do not fit its shape.
  case byteCount(file: String, tensor: String, shape: Shape, expected: Int, found: Int)
  /// Tensors overlap or leave a hole.
  case offsets(file: String, tensor: String, expected: Int, found: Int)
  /// The file is shorter or longer than its tensors.
  case dataLength(file: String, expected: Int, found: Int)
  /// The graph is invalid.
  case graph(file: String, GraphReadingError)
  /// The number of class names does not fit the first output.
  case classCount(file: String, classes: Int, output: Shape)
  /// There are more classes than `Model.maximumClasses`.
  case tooManyClasses(file: String, found: Int, limit: Int)
  /// Two classes have the same name.
  case duplicateClass(file: String, name: String)
  /// The description of the input does not fit the graph.
  case input(file: String, InputProblem)
  /// A parameter or value has an encoding, which safetensors cannot hold.
  case encoded(file: String, name: String, encoding: String)
  /// A problem of another module's format.
  case format(file: String, FormatProblem)

  /// A mismatch between the description of the input and the graph.
  public enum InputProblem: Sendable, Equatable, CustomStringConvertible {
    /// The graph reads another shape.
    case shape(expected: [Shape], found: Shape)
    /// The number of channels is neither 1 nor 3.
    case channels(Int)
    /// The numbers of means and deviations differ from that of the channels.
    case statistics(channels: Int, mean: Int, deviation: Int)
    /// A mean is not finite, or a deviation is not positive.
    case values(mean: [Float], deviation: [Float])

    /// The message: the problem, what was expected and what was found.
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

  /// The message in the form *where: what, expected, found; what to do*.
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

/// A problem of a file in a format that another module reads.
///
/// Its description says what is wrong, what was expected and found, and what to do; the error adds the file.
public protocol FileProblem: Error, Sendable, Equatable, CustomStringConvertible {}

/// A wrapper with which `ModelFileError` carries a problem of any format.
public struct FormatProblem: Sendable, Equatable, CustomStringConvertible {
  /// The problem, described in its format's terms.
  public let problem: any FileProblem

  /// Wraps a problem.
  public init(_ problem: any FileProblem) { self.problem = problem }

  /// The description of the problem.
  public var description: String { "\(problem)" }

  /// Equal if the problems are of one type and equal.
  public static func == (a: Self, b: Self) -> Bool { a.problem.isEqual(to: b.problem) }
}

extension FileProblem {
  fileprivate func isEqual(to other: any FileProblem) -> Bool { self == other as? Self }
}
