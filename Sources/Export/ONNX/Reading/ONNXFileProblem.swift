public import Graphs

/// The defect of an ONNX file; the error adds the file's path.
public enum ONNXFileProblem: FileProblem {
  /// A node that cannot be imported: its operator, its name and the reason.
  public struct Node: Sendable, Equatable, CustomStringConvertible {
    /// The ONNX operator, such as `Einsum`.
    public let type: String
    /// The node's name in the file.
    public let name: String
    /// The feature that is not supported.
    public let reason: String

    /// Makes an entry.
    public init(type: String, name: String, reason: String) {
      self.type = type
      self.name = name
      self.reason = reason
    }

    /// The operator, the name and the reason.
    public var description: String { "\(type) \"\(name)\": \(reason)" }
  }

  /// Contents that are not a valid message.
  case damaged(reason: String)
  /// An operator set that is not read.
  case operatorSet(found: Int?, expected: ClosedRange<Int>)
  /// An input that a network of images cannot have.
  case input(reason: String)
  /// An output that cannot be used.
  case output(reason: String)
  /// A stored tensor that is invalid.
  case tensor(name: String, reason: String)
  /// A tensor in another file that cannot be read.
  case external(tensor: String, reason: String)
  /// Nodes that cannot be imported.
  case nodes([Node])
  /// A count above its limit.
  case tooMany(what: String, found: Int, limit: Int)
  /// A metadata entry that is invalid.
  case metadata(key: String, reason: String)
  /// A normalization, from the file or the user, whose numbers do not fit the input's channels.
  case normalization(key: String, found: Int, channels: Int)
  /// A missing normalization where one is required.
  case noNormalization

  /// The message: what was found, what was expected, and what to do.
  public var description: String { description(of: .onnx) }

  /// The message for a format that is read as ONNX nodes.
  func description(of format: ImportedFormat) -> String {
    switch self {
    case .damaged(let reason):
      "damaged \(format): \(reason)"
    case .operatorSet(let found, let expected):
      "ONNX operator set \(found.map { "\($0)" } ?? "missing"), expected \(expected.lowerBound) to "
        + "\(expected.upperBound); export it again with such an opset_version"
    case .input(let reason):
      "\(format) input: \(reason)"
    case .output(let reason):
      "\(format) output: \(reason)"
    case .tensor(let name, let reason):
      "\(format) tensor \"\(name)\": \(reason)"
    case .external(let tensor, let reason):
      "ONNX tensor \"\(tensor)\" in a file of its own: \(reason)"
    case .nodes(let nodes):
      "\(nodes.count == 1 ? format.oneNode : "\(nodes.count) \(format.nodes)") cannot be imported:\n"
        + nodes.prefix(50).map { "  \($0)" }.joined(separator: "\n")
        + (nodes.count > 50 ? "\n  … and \(nodes.count - 50) more" : "")
    case .tooMany(let what, let found, let limit):
      "\(format): \(found) \(what), at most \(limit) are accepted"
    case .metadata(let key, let reason):
      "\(format) metadata \"\(key)\": \(reason)"
    case .normalization(let key, let found, let channels):
      "normalization: \(found) numbers of \"\(key)\" for an input of \(channels == 1 ? "1 channel" : "\(channels) channels");"
        + " give one a channel, or one for all"
    case .noNormalization:
      "the file does not say how pixels become its input; say it with --normalize mean=0.485,0.456,0.406,"
        + "std=0.229,0.224,0.225 (one number a channel, of pixels 0…1 or 0…255)"
    }
  }
}

extension ModelFileError {
  /// The error for an ONNX file that is refused.
  public static func onnx(file: String, _ problem: ONNXFileProblem) -> ModelFileError {
    .format(file: file, FormatProblem(problem))
  }
}
