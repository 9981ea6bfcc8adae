public import Graphs

extension Graph {
  /// The schedule of the nodes for one image, with the bytes of each value.
  ///
  /// Values are numbered from the inputs on, then one for each node. With `isInPlace`, outputs lie over
  /// inputs where ops allow it; else each value has its own memory.
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
