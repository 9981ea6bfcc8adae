import Encodings
import Graphs
import Ops
import Tensors

/// Finds channels that matter but get hardly any steps of their value's grid, because others reach much
/// further.
enum UnequalChannels {
  /// The share of the largest magnitude below which a channel is small.
  static let smallShare: Float = 1 / 64
  /// The number of steps of the grid below which a channel is small.
  static let fewSteps: Float = 4
  /// The share of the weightiest channel's part from which on a channel matters.
  ///
  /// A channel's part is its magnitude times the largest weight that reads it.
  static let weightyShare: Float = 0.1
  /// The number of values that are named.
  private static let named = 4

  /// A warning about a graph whose values have their grids; `nil` if nothing is wrong.
  ///
  /// `magnitudes` are of the channels of stored values.
  static func warning(in graph: Graph, magnitudes: [String: [Float]]) -> String? {
    var findings: [String] = []
    for node in graph.nodes {
      guard let product = node.op as? any ProductOp, let weight = graph[.weight, of: node.name]?.projected,
        let encoding = graph.storedEncoding(of: node.inputs[0]) as? IntegerValue,
        let channels = magnitudes[graph.storedValue(of: node.inputs[0])]
      else { continue }
      let reach = product.inputMagnitudes(weight, channels: channels.count)
      let parts = zip(channels, reach).map { $0 * $1 }
      guard let largest = channels.max(), let weightiest = parts.max(), weightiest > 0,
        reach.count == channels.count
      else { continue }
      let bound = min(largest * smallShare, encoding.scale * fewSteps)
      let small = channels.indices.filter {
        channels[$0] > 0 && channels[$0] < bound && parts[$0] >= weightyShare * weightiest
      }
      guard let least = small.map({ channels[$0] }).min() else { continue }
      findings.append(
        "\(node.inputs[0]) (\(small.count) of \(channels.count) channels, down to 1/\(Int(min(Double(largest) / Double(least), 1e9).rounded())) of the "
          + "largest, read by \(node.name))")
    }
    guard !findings.isEmpty else { return nil }
    let rest = findings.count > named ? " and \(findings.count - named) more" : ""
    return
      "channels with a large effect get fewer than \(Int(fewSteps)) steps of their value's grid in "
      + findings.prefix(named).joined(separator: ", ") + rest
      + "; put a stage with cross-layer-equalization before"
  }
}

extension Graph {
  /// The value that a device stores for a value: the one before ops that move numbers and keep channels.
  fileprivate func storedValue(of value: String) -> String {
    guard let node = node(named: value),
      node.op is Dropout || node.op is MaxPool || node.op is Flatten || node.op is Upsample
    else { return value }
    return storedValue(of: node.inputs[0])
  }
}

extension ProductOp {
  /// The channel of the input that a weight `[outputs, columns, …]` reads at a row and a column.
  func inputChannel(row: Int, column: Int, of shape: Shape) -> Int {
    row / (shape[0] / groups) * shape[1] + column
  }

  /// The largest magnitude of a weight that reads each channel.
  ///
  /// Empty if the weight's columns are no multiple of the channels.
  func inputMagnitudes(_ weight: Tensor, channels: Int) -> [Float] {
    let columns = groups * weight.shape[1]
    guard channels > 0, columns % channels == 0 else { return [] }
    let width = columns / channels
    let taps = weight.shape.spatialCount
    var magnitudes = Array(repeating: Float(0), count: channels)
    for (index, value) in weight.values.enumerated() {
      let (row, column) = (index / taps / weight.shape[1], index / taps % weight.shape[1])
      let channel = inputChannel(row: row, column: column, of: weight.shape) / width
      magnitudes[channel] = max(magnitudes[channel], value.magnitude)
    }
    return magnitudes
  }
}
