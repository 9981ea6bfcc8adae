import Tensors

/// The channels that must be removed together, found by union-find over the channel rules of all nodes.
struct ChannelCoupling {
  /// The values in the graph's order.
  let values: [String]
  /// The number of each value's first channel, and the total as a last entry; numbers run across all values.
  private let starts: [Int]
  private let positions: [String: Int]
  private var parents: [Int]
  /// The reason for which channels must stay, by the root of their set.
  private var reasons: [Int: String] = [:]

  /// Couples the channels of a graph; O(channels · nodes' inputs).
  init(_ graph: Graph) {
    values = graph.inputs.map(\.name) + graph.nodes.map(\.name)
    positions = Dictionary(values.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var starts = [0]
    for value in values {
      let shape = graph.shape(of: value) ?? []
      starts.append((starts.last ?? 0) + (shape.rank >= 2 ? shape[1] : 0))
    }
    self.starts = starts
    parents = Array(0..<(starts.last ?? 0))
    for node in graph.nodes { couple(node, graph.inputShapes(of: node)) }
    for input in graph.inputs { keep(input.name, because: "it is an input of the graph") }
    for output in graph.outputs { keep(output, because: "it is an output of the graph") }
  }

  /// The numbers of a value's channels.
  func numbers(of value: String) -> Range<Int> {
    guard let position = positions[value] else { return 0..<0 }
    return starts[position]..<starts[position + 1]
  }

  /// The reason for which a channel must stay; `nil` if it may be removed.
  func reason(of number: Int) -> String? { reasons[root(number)] }

  /// The sets of channels that are removed together, in the order of their first members.
  func classes() -> [[Int]] {
    var members: [Int: [Int]] = [:]
    var order: [Int] = []
    for number in parents.indices {
      let root = root(number)
      if members[root] == nil { order.append(root) }
      members[root, default: []].append(number)
    }
    return order.compactMap { members[$0] }
  }

  /// Groups channel numbers by value; each group holds ascending positions within its value.
  func channels(_ numbers: [Int]) -> [String: [Int]] {
    var channels: [String: [Int]] = [:]
    for number in numbers.sorted() {
      let position = position(of: number)
      channels[values[position], default: []].append(number - starts[position])
    }
    return channels
  }

  /// All channels that go with any of `numbers`.
  func closure(of numbers: Set<Int>) -> Set<Int> {
    let roots = Set(numbers.map(root))
    return Set(parents.indices.filter { roots.contains(root($0)) })
  }

  /// The value that a channel number belongs to, by bisection.
  func position(of number: Int) -> Int {
    var low = 0
    var high = values.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= number { low = middle } else { high = middle }
    }
    return low
  }

  private func root(_ number: Int) -> Int {
    var number = number
    while parents[number] != number { number = parents[number] }
    return number
  }

  private mutating func join(_ a: Int, _ b: Int) {
    let (first, second) = (min(root(a), root(b)), max(root(a), root(b)))
    guard first != second else { return }
    parents[second] = first
    // Shortens both paths to the root, so that later look-ups take few steps.
    parents[a] = first
    parents[b] = first
    if let reason = reasons.removeValue(forKey: second), reasons[first] == nil { reasons[first] = reason }
  }

  private mutating func keep(_ value: String, because reason: String) {
    for number in numbers(of: value) where reasons[root(number)] == nil { reasons[root(number)] = reason }
  }

  private mutating func couple(_ node: Node, _ shapes: [Shape]) {
    let output = numbers(of: node.name)
    let inputs = node.inputs.map { numbers(of: $0) }
    switch node.op.channels(shapes) {
    case .mixing:
      break
    case .following:
      for input in inputs where input.count == output.count { join(input, output) }
    case .stacking:
      var start = output.lowerBound
      for input in inputs {
        join(input, start..<start + input.count)
        start += input.count
      }
    case .spreading(let count):
      for input in inputs {
        for number in output { join(input.lowerBound + (number - output.lowerBound) / count, number) }
      }
    case .shuffling(let groups):
      for input in inputs { shuffle(input, output, groups: groups) }
    case .slicing(let start):
      for input in inputs { join(input.lowerBound + start..<input.upperBound, output) }
    case .fixed(let reason):
      for value in node.inputs + [node.name] { keep(value, because: reason) }
    }
  }

  private mutating func join(_ a: Range<Int>, _ b: Range<Int>) {
    for (first, second) in zip(a, b) { join(first, second) }
  }

  private mutating func shuffle(_ input: Range<Int>, _ output: Range<Int>, groups: Int) {
    let perGroup = input.count / groups
    for group in 0..<groups {
      for channel in 0..<perGroup {
        let source = input.lowerBound + group * perGroup + channel
        join(source, output.lowerBound + channel * groups + group)
        // Channels at the same position of all groups are removed at once, so that groups stay equal.
        join(source, input.lowerBound + channel)
      }
    }
  }
}

/// Channels that can only be removed together: the smallest unit of structured pruning.
public struct ChannelUnit: Sendable, Equatable {
  /// The channels (axis 1) that are removed, ascending, by value.
  public let channels: [String: [Int]]

  /// Makes a unit.
  public init(channels: [String: [Int]]) { self.channels = channels }
}

/// Units that touch the same values: a convolution's channels with all norms, sums and layers that follow
/// them.
///
/// The units of a group are alternatives to one another, so a criterion ranks them and a policy cuts among
/// them.
public struct ChannelGroup: Sendable, Equatable {
  /// The values that lose channels, in the graph's order.
  public let values: [String]
  /// The units, in the order of the first value's channels.
  public let units: [ChannelUnit]

  /// Makes a group.
  public init(values: [String], units: [ChannelUnit]) {
    self.values = values
    self.units = units
  }
}

extension Graph {
  /// Every set of channels that can be removed, in the order of their first values.
  ///
  /// Inputs and outputs of the graph keep their channels.
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
