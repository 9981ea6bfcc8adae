public import Graphs

extension Graph {
  /// The nodes in their order, one image at a time, with values of so many bytes; values count from the inputs on, then a
  /// node each.
  ///
  /// With `isInPlace` outputs lie over inputs where ops allow it, else each value has memory of its own.
  public func schedule(isInPlace: Bool = true, bytes: (_ value: String) -> Int) -> Schedule {
    let names = inputs.map(\.name) + nodes.map(\.name)
    let places = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
    return Schedule(
      bytes: names.map(bytes),
      steps: nodes.enumerated().map { position, node in
        Schedule.Step(
          node.inputs.compactMap { places[$0] }, inputs.count + position,
          placement: isInPlace ? node.op.placement : .apart)
      }, inputs: Array(inputs.indices), kept: outputs.compactMap { places[$0] })
  }
}
