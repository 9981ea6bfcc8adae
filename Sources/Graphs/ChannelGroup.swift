/// Channels that can only be removed together, by value: the smallest thing that structured pruning removes.
public struct ChannelUnit: Sendable, Equatable {
  /// The channels (axis 1) of each value that go, ascending.
  public let channels: [String: [Int]]

  /// Makes a unit.
  public init(channels: [String: [Int]]) { self.channels = channels }
}

/// Units that touch the same values: a convolution's channels with all norms, sums and layers that follow them.
///
/// The units of a group are alternatives to one another, so a criterion ranks them and a policy cuts among them.
public struct ChannelGroup: Sendable, Equatable {
  /// The values whose channels go, in the graph's order.
  public let values: [String]
  /// What can be removed, in the order of the first value's channels.
  public let units: [ChannelUnit]
}

extension Graph {
  /// Every set of channels that can be removed, in the order of their first values; graph inputs and outputs keep theirs.
  ///
  ///     let units = graph.channelGroups().flatMap { $0.units.prefix(1) }
  ///     let smaller = try graph.removingChannels(units).graph
  public func channelGroups() -> [ChannelGroup] {
    let coupling = ChannelCoupling(self)
    var order: [[String]] = []
    var units: [[String]: [ChannelUnit]] = [:]
    for members in coupling.classes() where members.allSatisfy({ coupling.reason(of: $0) == nil }) {
      let channels = coupling.channels(members)
      let values = coupling.values.filter { channels[$0] != nil }
      if units[values] == nil { order.append(values) }
      units[values, default: []].append(ChannelUnit(channels: channels))
    }
    return order.map { ChannelGroup(values: $0, units: units[$0] ?? []) }
  }
}
