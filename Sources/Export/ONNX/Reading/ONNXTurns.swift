import Graphs
import Ops
import Tensors

/// A sequence of channel shuffles that brings a value's elements into another order.
///
/// A shuffle exchanges the first stretches of elements with those that follow, so every order can be reached.
/// The shortest sequence is searched for. Files need one shuffle for turned axes, and four for depth to
/// space.
struct ONNXTurns {
  /// A shuffle, by the elements of the first stretches, of those that they are exchanged with, and of the
  /// rest.
  struct Turn: Equatable {
    let groups: Int
    let members: Int
    let rest: Int
  }

  /// The shuffles in their order.
  let turns: [Turn]

  /// The largest number of stretches.
  static let maximumPieces = 6

  /// Finds the shuffles of a view; `nil` for too many stretches, and for more groups than a shuffle may have.
  init?(_ view: ONNXView, of shape: Shape) {
    let (extents, order) = view.pieces()
    guard (2...Self.maximumPieces).contains(extents.count) else { return nil }
    // The orders that were reached, each with the order before and the positions at which the stretches were
    // split.
    var reached: [[Int]: (before: [Int], first: Int, second: Int)] = [:]
    let start = Array(extents.indices)
    var waiting = [start]
    var next = 0
    while next < waiting.count, reached[order] == nil {
      let current = waiting[next]
      next += 1
      for second in 2...current.count {
        for first in 1..<second {
          let turned = Array(current[first..<second] + current[..<first] + current[second...])
          guard turned != start, reached[turned] == nil else { continue }
          reached[turned] = (current, first, second)
          waiting.append(turned)
        }
      }
    }
    var turns: [Turn] = []
    var current = order
    while let step = reached[current] {
      func count(_ places: Range<Int>) -> Int { places.reduce(1) { $0 * extents[step.before[$1]] } }
      turns.append(
        Turn(
          groups: count(0..<step.first), members: count(step.first..<step.second),
          rest: count(step.second..<current.count)))
      current = step.before
    }
    guard !turns.isEmpty, turns.allSatisfy({ $0.groups <= Window.maximumSide }) else { return nil }
    self.turns = turns.reversed()
  }

  /// Appends the shuffles, each on a reshaped value whose first axis it moves; returns the name of the last.
  func append(
    to value: String, under extents: [Int], name: String, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> String {
    var value = value
    for (place, turn) in turns.enumerated() {
      let isLast = place == turns.count - 1
      // The shape of the result, if it is the one that this shuffle needs.
      let item =
        isLast && extents.count > 1 && extents[0] == turn.groups * turn.members
        ? extents : [turn.groups * turn.members, turn.rest, 1]
      if network.shape(of: value) != Shape([1] + item) {
        value = try network.append(
          Reshape(shape: item), name: network.freshName(name + ".part"), inputs: [value])
      }
      let isDone = isLast && item == extents
      value = try network.append(
        ChannelShuffle(groups: turn.groups), name: isDone ? name : network.freshName(name + ".turned"),
        inputs: [value])
      if isDone { return value }
    }
    let op: any Op = extents.count == 1 ? Flatten() : Reshape(shape: extents)
    return try network.append(op, name: name, inputs: [value])
  }
}
