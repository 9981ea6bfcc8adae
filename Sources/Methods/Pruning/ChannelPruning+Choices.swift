import Graphs
import Settings

extension ChannelPruning {
  /// A group that may be pruned, with its settings.
  struct Choice {
    let group: ChannelGroup
    let set: UnitSet
    let settings: ChannelPruning
    /// Units of the group when the stage began.
    let originalCount: Int
  }

  /// Groups that are ranked together.
  struct Pool {
    let settings: ChannelPruning
    let selection: ChannelSelection
  }

  /// The groups whose layers are all left to the method and that its criterion can score.
  ///
  /// If the settings of a group's layers differ, those of the lowest sparsity apply.
  static func choices(_ compression: Compression<ChannelPruning>) -> [Choice] {
    let graph = compression.graph
    var originalCounts: [[String]: Int] = [:]
    for group in compression.original.channelGroups() { originalCounts[group.values] = group.units.count }
    var choices: [Choice] = []
    for group in graph.channelGroups() {
      let producers = graph.producers(of: group)
      let settings = producers.compactMap { compression.settings(for: $0.name) }
      guard settings.count == producers.count,
        let mildest = settings.min(by: { $0.amount.sparsity < $1.amount.sparsity })
      else { continue }
      let set = UnitSet(group, in: graph)
      guard mildest.criterion.obstacle(to: set) == nil else { continue }
      let count = originalCounts[group.values] ?? group.units.count
      choices.append(Choice(group: group, set: set, settings: mildest, originalCount: count))
    }
    return choices
  }

  /// Sorts groups into pools of equal amount and criterion; throws if multiply-adds would need several.
  func pools(
    _ choices: [Choice], _ scores: [[Double]], _ compression: Compression<ChannelPruning>
  ) throws -> [Pool] {
    var members: [(key: String, settings: ChannelPruning, groups: [ChannelSelection.Group])] = []
    for (choice, scores) in zip(choices, scores) {
      let group = ChannelSelection.Group(
        name: choice.set.name, units: choice.group.units, scores: scores,
        scale: choice.settings.criterion.scale(of: .channel),
        originalCount: choice.originalCount, minimum: choice.settings.minimum,
        below: choice.settings.below, multiple: choice.settings.roundTo)
      let amount = choice.settings.amount
      let key = "\(amount.key) \(SaliencyCatalogue.key(choice.settings.criterion))"
      if let index = members.firstIndex(where: { $0.key == key }) {
        members[index].groups.append(group)
      } else {
        members.append((key, choice.settings, [group]))
      }
    }
    if measure == .multiplyAdds, members.count > 1 {
      throw MethodError.impossible(
        method: Self.name,
        node: choices.first {
          $0.settings.amount != amount
            || SaliencyCatalogue.key($0.settings.criterion) != SaliencyCatalogue.key(criterion)
        }?.group.values.first ?? "layers",
        reason:
          "multiply-adds are those of the whole network; give all layers one sparsity and criterion, or leave layers out"
      )
    }
    return try members.map { _, settings, groups in
      let scope = settings.amount.scope
      let context = allocationContext(groups, compression)
      return Pool(settings: settings, selection: try ChannelSelection(groups, scope: scope, context))
    }
  }

  /// The answers to allocations about groups of this application.
  private func allocationContext(
    _ groups: [ChannelSelection.Group], _ compression: Compression<ChannelPruning>
  ) -> AllocationContext {
    // An allocation counts units since the stage began; the group may have lost some already.
    func without(_ group: Int, _ gone: Int) -> [ChannelUnit] {
      groups[group].lowest(gone - groups[group].goneCount)
    }
    let (graph, original) = (compression.graph, compression.original.multiplyAdds)
    let measure = measure
    return AllocationContext(saving: { group, gone in
      switch measure {
      case .channels: Double(gone)
      case .multiplyAdds: Double(original - (try Self.multiplyAdds(graph, without: without(group, gone))))
      }
    }) { group, gone, images in
      let smaller = try located(Self.name) { try graph.removingChannels(without(group, gone)).graph }
      return try compression.evidence.meanLoss(of: smaller, images: images)
    }
  }

  /// The units of a pool that go now.
  ///
  /// Throws `impossible` at the first step if the final sparsity cannot be reached with the minimum.
  static func removal(
    _ settings: ChannelPruning, _ selection: ChannelSelection,
    _ compression: Compression<ChannelPruning>
  ) throws -> [ChannelUnit] {
    let sparsity = settings.amount.sparsity(at: compression.progress)
    switch compression.method.measure {
    case .channels:
      try requireChannels(settings, selection)
      return selection.removal(share: sparsity)
    case .multiplyAdds:
      let original = Double(compression.original.multiplyAdds)
      try requireMultiplyAdds(settings, selection, compression.graph, original: original)
      return try fewest(selection, compression.graph, multiplyAdds: (1 - sparsity) * original)
    }
  }

  /// Throws if groups cannot lose as many channels as the final sparsity asks for.
  private static func requireChannels(
    _ settings: ChannelPruning, _ selection: ChannelSelection
  ) throws {
    guard !(selection.scope is UniformAllocation) else { return }
    let wanted = Int((settings.amount.sparsity * Double(selection.originalCount)).rounded())
    // Rounding up may leave more, as the settings say.
    let possible = selection.goneCount + selection.groups.reduce(0) { $0 + $1.removableCount }
    guard wanted > possible else { return }
    throw MethodError.impossible(
      method: name, node: "sparsity",
      reason:
        "\(settings.amount.sparsity) is \(wanted) of \(selection.originalCount) channels, but only \(possible) can go "
        + "when each group keeps \(settings.minimum); lower it")
  }

  /// Throws if the network cannot lose as many multiply-adds as the final sparsity asks for.
  private static func requireMultiplyAdds(
    _ settings: ChannelPruning, _ selection: ChannelSelection, _ graph: Graph, original: Double
  ) throws {
    let least = try multiplyAdds(graph, without: selection.removable)
    guard Double(least) > (1 - settings.amount.sparsity) * original else { return }
    let reachable = (1 - Double(least) / original) * 100
    throw MethodError.impossible(
      method: name, node: "sparsity",
      reason:
        "\(settings.amount.sparsity) of the multiply-adds cannot go: at most \(Int(reachable)) % when each group of "
        + "channels keeps \(settings.minimum)"
        + (settings.roundTo > 1 ? " and a multiple of \(settings.roundTo)" : "") + "; lower it")
  }

  /// The fewest units, in the selection's order, without which the network needs at most a number of
  /// multiply-adds.
  private static func fewest(
    _ selection: ChannelSelection, _ graph: Graph, multiplyAdds limit: Double
  ) throws -> [ChannelUnit] {
    let count = selection.originalCount
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      let units = selection.removal(share: Double(middle) / Double(count))
      if Double(try multiplyAdds(graph, without: units)) <= limit { high = middle } else { low = middle + 1 }
    }
    return selection.removal(share: Double(low) / Double(count))
  }

  /// The multiply-adds of a network without some units.
  private static func multiplyAdds(_ graph: Graph, without units: [ChannelUnit]) throws -> Int {
    var shapes = graph
    shapes.parameters = [:]
    return try located(name) { try shapes.removingChannels(units).graph.multiplyAdds }
  }
}
