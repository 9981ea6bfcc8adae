import Settings
import Tensors

extension Graph {
  /// The graph without some units of its channel groups.
  public func removingChannels(_ units: [ChannelUnit]) throws(GraphError) -> Rewrite {
    var removed: [String: Set<Int>] = [:]
    for (value, channels) in units.flatMap(\.channels) { removed[value, default: []].formUnion(channels) }
    return try removingChannels(removed)
  }

  /// The graph without some channels (axis 1) of values, and without all channels that are tied to them.
  ///
  /// The result computes what this graph does when every layer that mixes channels ignores the removed ones.
  /// Names of values stay; settings that count channels follow; parameters keep the slices that `origin`
  /// names.
  ///
  /// Throws `GraphError.channels` for channels that must stay, do not exist, or are a value's last.
  public func removingChannels(_ removed: [String: Set<Int>]) throws(GraphError) -> Rewrite {
    let kept = try keptChannels(without: removed)
    if let value = nodes.first(where: { kept[$0.name]?.isEmpty == true }) {
      throw .channels(value: value.name, reason: "none would be left")
    }
    return try keeping(kept)
  }

  /// The channels that remain of each value that loses some, when all that are tied to `removed` go too.
  func keptChannels(
    without removed: [String: Set<Int>], _ coupling: ChannelCoupling? = nil
  ) throws(GraphError) -> [String: [Int]] {
    let coupling = coupling ?? ChannelCoupling(self)
    let gone = coupling.closure(of: try numbers(of: removed, coupling))
    for number in gone.sorted() {
      guard let reason = coupling.reason(of: number) else { continue }
      throw .channels(value: coupling.values[coupling.position(of: number)], reason: reason)
    }
    var kept: [String: [Int]] = [:]
    for value in coupling.values {
      let numbers = coupling.numbers(of: value)
      let left = numbers.filter { !gone.contains($0) }
      if left.count < numbers.count { kept[value] = left.map { $0 - numbers.lowerBound } }
    }
    return kept
  }

  private func numbers(
    of removed: [String: Set<Int>], _ coupling: ChannelCoupling
  ) throws(GraphError) -> Set<Int> {
    var result: Set<Int> = []
    for (value, channels) in removed.sorted(by: { $0.key < $1.key }) {
      guard shape(of: value) != nil else {
        throw .unknownValue(
          node: "removed channels", value: value,
          suggestion: Spelling.nearest(to: value, among: coupling.values))
      }
      let numbers = coupling.numbers(of: value)
      for channel in channels.sorted() {
        guard (0..<numbers.count).contains(channel) else {
          throw .channels(value: value, reason: "it has \(numbers.count), there is no channel \(channel)")
        }
        result.insert(numbers.lowerBound + channel)
      }
    }
    return result
  }

  /// Builds the graph in which the values of `kept` have only the channels listed there.
  ///
  /// A value without channels is not made, nor is any node that nobody then reads. A concatenation goes on
  /// without such an input; if one input is left, that input takes its place.
  func keeping(_ kept: [String: [Int]]) throws(GraphError) -> Rewrite {
    var smaller = Graph(inputs: inputs)
    var origin: [String: Origin] = [:]
    var standIns: [String: String] = [:]
    let needed = neededNodes(kept)
    try requireReadable(kept, needed)
    for node in nodes where needed.contains(node.name) {
      let inputs = node.inputs.filter { kept[$0]?.isEmpty != true }.map { standIns[$0] ?? $0 }
      if inputs.count == 1, node.inputs.count > 1 {
        standIns[node.name] = inputs[0]
        continue
      }
      let channels = kept[node.name]?.count ?? shape(of: node.name)?.dimensions.dropFirst().first ?? 0
      let shapes = inputs.compactMap { smaller.shape(of: $0) }
      let isTouched = kept[node.name] != nil || node.inputs.contains { kept[$0] != nil }
      let op =
        isTouched
        ? node.op.resized(inputs: shapes, outputChannels: channels, kept: node.inputs.map { kept[$0] })
        : node.op
      try smaller.append(op, name: node.name, inputs: inputs)
      for (name, slot) in slots(of: node) {
        var axes: [Int: [Int]] = [:]
        if let axis = slot.outputAxis { axes[axis] = kept[node.name] }
        if let axis = slot.inputAxis { axes[axis] = node.inputs.first.flatMap { kept[$0] } }
        origin[name] = Origin(parameter: name, kept: axes)
        smaller.parameters[name] = parameters[name]?.sliced(axes)
      }
    }
    smaller.outputs = outputs
    smaller.values = values.filter { smaller.shape(of: $0.key) != nil }
    return Rewrite(graph: smaller, origin: origin)
  }

  /// The nodes that outputs depend on when values without channels are not made.
  func neededNodes(_ kept: [String: [Int]]) -> Set<String> {
    func isGone(_ value: String) -> Bool { kept[value]?.isEmpty == true }
    guard nodes.contains(where: { isGone($0.name) }) else { return Set(nodes.map(\.name)) }
    var needed = Set(outputs)
    for node in nodes.reversed() where needed.contains(node.name) {
      needed.formUnion(node.inputs.filter { !isGone($0) })
    }
    return needed.filter { !isGone($0) }
  }

  /// Throws if a needed node reads a value without channels; only a concatenation may.
  func requireReadable(_ kept: [String: [Int]], _ needed: Set<String>) throws(GraphError) {
    for node in nodes
    where needed.contains(node.name) && node.inputs.contains(where: { kept[$0]?.isEmpty == true }) {
      guard node.op.channels(inputShapes(of: node)) == .stacking else {
        throw .channels(value: node.name, reason: "it reads a value of which no channel would be left")
      }
    }
  }
}
