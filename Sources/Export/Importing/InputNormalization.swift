import Graphs
import Tensors

/// The normalization of pixels for a network's input, as users write it.
///
///     try InputNormalization("mean=0.485,0.456,0.406,std=0.229,0.224,0.225")
///
/// There is one number for each channel, or one for all. The numbers refer to pixels of 0…1, as in
/// torchvision's `Normalize`, or of 0…255: the latter if any number is above 1, or as `range=1` or
/// `range=255` says.
public struct InputNormalization: Sendable, Equatable {
  /// The mean of each channel, for pixels of 0…255.
  public let mean: [Float]
  /// The standard deviation of each channel, for pixels of 0…255; positive.
  public let deviation: [Float]

  /// Pixels unchanged, 0…255.
  static let pixels = InputNormalization(mean: [0], deviation: [1])

  private init(mean: [Float], deviation: [Float]) {
    self.mean = mean
    self.deviation = deviation
  }

  /// Reads `mean=…,std=…` with an optional `range=1` or `range=255`.
  public init(_ text: String) throws(NormalizationError) {
    var lists: [String: [Float]] = [:]
    var key = ""
    for piece in text.split(separator: ",", omittingEmptySubsequences: false) {
      var number = piece
      if let equals = piece.firstIndex(of: "=") {
        key = String(piece[..<equals].filter { !$0.isWhitespace })
        guard ["mean", "std", "range"].contains(key), lists[key] == nil else {
          throw .unknownKey(String(key.prefix(40)))
        }
        number = piece[piece.index(after: equals)...]
      }
      guard let value = Float(number.filter { !$0.isWhitespace }), value.isFinite, !key.isEmpty else {
        throw .notNumber(String(piece.prefix(40)))
      }
      lists[key, default: []].append(value)
    }
    guard let mean = lists["mean"], let deviation = lists["std"] else { throw .missing }
    guard deviation.allSatisfy({ $0 > 0 }) else { throw .deviation }
    let isLarge = (mean + deviation).contains { abs($0) > 1 }
    let range = lists["range"] ?? [isLarge ? 255 : 1]
    guard range == [1] || range == [255] else { throw .range }
    let factor = 255 / range[0]
    self.init(mean: mean.map { $0 * factor }, deviation: deviation.map { $0 * factor })
  }

  /// The description of an input with a number of channels; throws where the counts of numbers do not fit.
  func description(channels: Int, shape: Shape) throws(ONNXFileProblem) -> InputDescription {
    func spread(_ numbers: [Float], _ key: String) throws(ONNXFileProblem) -> [Float] {
      guard numbers.count == 1 || numbers.count == channels else {
        throw .normalization(key: key, found: numbers.count, channels: channels)
      }
      return numbers.count == 1 ? Array(repeating: numbers[0], count: channels) : numbers
    }
    return InputDescription(
      shape: shape, mean: try spread(mean, "mean"), deviation: try spread(deviation, "std"))
  }
}

/// The reason why a normalization is refused.
public enum NormalizationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A key that is unknown or occurs twice.
  case unknownKey(String)
  /// A text that is not a number.
  case notNumber(String)
  /// A missing mean or deviation.
  case missing
  /// A deviation that is not positive.
  case deviation
  /// A range other than 1 and 255.
  case range

  /// The message: what was found and what was expected.
  public var description: String {
    switch self {
    case .unknownKey(let key):
      "normalization: \"\(key)\" is not expected here; expected mean=…,std=… and range=1 or range=255, each once"
    case .notNumber(let text):
      "normalization: \"\(text)\" is not a number; expected mean=0.485,0.456,0.406,std=0.229,0.224,0.225"
    case .missing:
      "normalization: expected both mean=… and std=…"
    case .deviation:
      "normalization: std must be positive"
    case .range:
      "normalization: range is 1 (pixels 0…1) or 255 (pixels 0…255)"
    }
  }
}
