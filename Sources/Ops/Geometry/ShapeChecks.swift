import Graphs
import Tensors

extension Op {
  /// Refuses a number of inputs other than `count`.
  func requireInputs(_ inputs: [Shape], count: Int) throws(ShapeError) {
    guard inputs.count == count else {
      throw .wrongInputCount(
        op: kind, expected: count == 1 ? "one input" : "\(count) inputs", found: inputs.count)
    }
  }

  /// The only input, which must be images `[N, C, H, W]`.
  func requireImages(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    guard inputs[0].rank == 4 else {
      throw .wrongRank(op: kind, expected: "images NxCxHxW", found: inputs[0])
    }
    return inputs[0]
  }

  /// The only input, which must have a batch and a channel axis.
  func requireChannels(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 1)
    guard inputs[0].rank >= 2 else {
      throw .wrongRank(op: kind, expected: "a batch and channels", found: inputs[0])
    }
    return inputs[0]
  }

  /// Refuses a setting outside its range.
  func require(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws(ShapeError) {
    guard range.contains(value) else {
      throw .invalidSetting(
        op: kind, reason: "\(name) \(value) is outside \(range.lowerBound)...\(range.upperBound)")
    }
  }
}
