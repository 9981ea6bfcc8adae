public import Graphs

/// What is wrong with an ONNX file; the error adds the file.
public enum ONNXFileProblem: FileProblem {
  /// A node that cannot be imported: its ONNX type, its name, and why.
  public struct Node: Sendable, Equatable, CustomStringConvertible {
    /// The ONNX operator, such as `Einsum`.
    public let type: String
    /// The node's name in the file.
    public let name: String
    /// What is not supported.
    public let reason: String

    /// Makes an entry.
    public init(type: String, name: String, reason: String) {
      self.type = type
      self.name = name
      self.reason = reason
    }

    /// Operator, name and reason.
    public var description: String { "\(type) \"\(name)\": \(reason)" }
  }

  case damaged(reason: String)
  case operatorSet(found: Int?, expected: ClosedRange<Int>)
  case input(reason: String)
  case output(reason: String)
  case tensor(name: String, reason: String)
  case external(tensor: String, reason: String)
  case nodes([Node])
  case tooMany(what: String, found: Int, limit: Int)
  case metadata(key: String, reason: String)
  /// A normalization, of the file or of the user's, that does not go with the input.
  case normalization(key: String, found: Int, channels: Int)
  case noNormalization

  /// What, expected, found; what to do.
  public var description: String { description(of: .onnx) }

  /// The words about a file of a format that is read by way of ONNX's nodes.
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
  /// An ONNX file that is refused.
  public static func onnx(file: String, _ problem: ONNXFileProblem) -> ModelFileError {
    .format(file: file, FormatProblem(problem))
  }
}
