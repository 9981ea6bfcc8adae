import Graphs

extension Graph {
  /// The most bytes of values that live at once when the nodes run in their order, one image at a time.
  ///
  /// A value lives from its making to its last reading, an output of the graph to the end. An op that may work in place
  /// takes over the memory of an input that nothing reads later, and what is only laid out anew takes none.
  var peakLiveBytes: Int {
    var owners = Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, $0.name) })
    var lastUse: [String: Int] = [:]
    // By the value that owns the memory, how long any value in it is read.
    for (position, node) in nodes.enumerated() {
      for value in node.inputs { lastUse[value] = position }
    }
    for output in outputs { lastUse[output] = nodes.count }
    var living = Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, bytes(of: $0.name)) })
    var ends = Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, lastUse[$0.name] ?? 0) })
    var peak = living.values.reduce(0, +)
    for (position, node) in nodes.enumerated() {
      let size = bytes(of: node.name)
      let end = max(lastUse[node.name] ?? position, position)
      if let owner = takenOver(by: node, at: position, size: size, owners, living, ends) {
        owners[node.name] = owner
        ends[owner] = max(ends[owner] ?? end, end)
      } else {
        owners[node.name] = node.name
        living[node.name] = size
        ends[node.name] = end
      }
      peak = max(peak, living.values.reduce(0, +))
      for owner in living.keys.filter({ (ends[$0] ?? 0) <= position }) { living[owner] = nil }
    }
    return peak
  }

  /// The memory that a node's output shares with an input; `nil` where it needs its own.
  private func takenOver(
    by node: Node, at position: Int, size: Int, _ owners: [String: String], _ living: [String: Int],
    _ ends: [String: Int]
  ) -> String? {
    switch node.op.placement {
    case .apart: return nil
    case .unmoved: return node.inputs.first.flatMap { owners[$0] }
    case .inPlace:
      return node.inputs.compactMap { owners[$0] }.first { living[$0] == size && (ends[$0] ?? 0) <= position }
    }
  }
}
