public import Graphs
import Ops
public import Tensors

/// What a network takes over from one of which it is a changed form: a search's child starts from its parent's trained weights.
///
///     let start = Inheritance(of: parent, by: child, random: random).graph
///
/// Layers are known again by name and kind; what became of a layer follows from its shapes:
///
/// - **wider**: channels `n…m` are copies of drawn ones, `g(j) = j` for `j < n`. A copied channel's weights in the layers that read it are
///   divided among the copies by drawn shares of sum 1: `U[·,j] = share_j · W[·,g(j)]`. Unequal shares, so that copies learn different things.
/// - **narrower**: the channels of the largest `Σ |w|` stay, over all layers whose channels are tied.
/// - **deeper**: a new layer of as many channels and the same plane starts as the identity, and so does a new batch norm.
/// - **a larger kernel**: the old one within zeros, where the padding puts it; **a smaller one**: its middle.
/// - **a removed layer**: what read it takes the channels of what it read, by their numbers.
/// - **a replaced block**: layers of another kind start anew; what reads them keeps its weights by their numbers.
///
/// The child computes what the parent does where it is only wider or deeper, or its kernels are larger: wider ones exactly, new layers
/// behind values that their activation leaves alone (a ReLU behind a ReLU). Encodings are not taken over: weights are what the parent
/// computed with.
///
/// **Paper** Chen, Goodfellow, Shlens, "Net2Net: accelerating learning via knowledge transfer", ICLR 2016, arXiv:1511.05641; kernels and
/// removal in searches: Elsken, Metzen, Hutter, "Efficient multi-objective neural architecture search via Lamarckian evolution", ICLR
/// 2019, arXiv:1804.09081; for microcontrollers Fedorov et al., "SpArSe", NeurIPS 2019, arXiv:1905.12107.
public struct Inheritance {
  /// The child with what it inherits; what it does not is as it was.
  public private(set) var graph: Graph
  /// The parameters that took something over.
  public private(set) var inherited: Set<String> = []

  private let parent: Graph
  private let random: SeededRandom
  /// For each value of the child, which channel of the parent's value of that name each of its channels is; `nil` for none.
  private var maps: [String: [Int?]] = [:]
  /// The layers whose output channels are tied, by each of them.
  private let ties: [String: [String]]

  /// Takes over the weights that fit.
  ///
  /// The child has parameters already: those without a counterpart keep their start.
  public init(of parent: Graph, by child: Graph, random: SeededRandom) {
    self.parent = parent
    self.random = random
    graph = child
    var ties: [String: [String]] = [:]
    for group in child.channelGroups() {
      let makers = group.values.filter { value in
        child.node(named: value).map { child.isMixing($0) } ?? false
      }
      for maker in makers { ties[maker] = makers }
    }
    self.ties = ties
    for input in child.inputs { maps[input.name] = (0..<(input.shape.dimensions.first ?? 0)).map { $0 } }
    for node in child.nodes { inherit(node) }
  }

  // MARK: Channels

  private mutating func inherit(_ node: Node) {
    let shapes = graph.inputShapes(of: node)
    let count = graph.channels(of: node.name)
    let read = node.inputs.map { maps[$0] ?? [] }
    let kin = parent.node(named: node.name).flatMap { $0.op.kind == node.op.kind ? $0 : nil }
    let isNew = kin == nil
    switch node.op.channels(shapes) {
    case .mixing:
      if let kin {
        let channels = mixed(node, kin)
        take(node, kin, channels, reading: read.first ?? [])
        maps[node.name] = channels
      } else {
        maps[node.name] = identity(node, shapes) ? read.first : Array(repeating: nil, count: count)
      }
    case .following:
      let first = read.first { $0.contains { $0 != nil } } ?? read.first ?? []
      let channels = first.count == count ? first : Array(repeating: nil, count: count)
      if let kin { take(node, kin, channels, reading: []) } else { _ = identity(node, shapes) }
      maps[node.name] = channels
    case .stacking:
      maps[node.name] = stacked(node, kin, read)
    case .spreading(let each):
      let known = kin.map { parent.channelRule(of: $0) == .spreading(count: each) } ?? false
      let channels = (read.first ?? []).flatMap { channel in
        (0..<each).map { part in known ? channel.map { $0 * each + part } : nil }
      }
      if let kin { take(node, kin, channels, reading: []) }
      maps[node.name] = channels
    case .shuffling(let groups):
      maps[node.name] = shuffled(read.first ?? [], kin, groups: groups)
    case .slicing(let start):
      guard let kin, case .slicing(let before) = parent.channelRule(of: kin) else {
        maps[node.name] = Array(repeating: nil, count: count)
        return
      }
      maps[node.name] = (read.first ?? []).dropFirst(start).prefix(count).map { channel in
        channel.flatMap { $0 >= before ? $0 - before : nil }
      }
    case .fixed:
      if let kin { takeWhole(node, kin) }
      maps[node.name] = (0..<count).map { isNew ? nil : $0 }
    }
  }

  /// Which channels of the parent's layer a layer's are.
  private func mixed(_ node: Node, _ kin: Node) -> [Int?] {
    let (now, before) = (graph.channels(of: node.name), parent.channels(of: kin.name))
    if now >= before {
      // Tied layers draw the same.
      var drawn = SeededRandom(seed: 0, purpose: "copied channels", before, now)
      return (0..<before).map { $0 } + (before..<now).map { _ in drawn.below(before) }
    }
    var sums = Array(repeating: 0.0, count: before)
    for name in ties[node.name] ?? [node.name] {
      guard let weight = parent[.weight, of: name]?.projected, weight.shape[0] == before else { continue }
      let each = weight.values.count / before
      for (index, value) in weight.values.enumerated() { sums[index / each] += Double(abs(value)) }
    }
    let strongest = sums.indices.sorted { (-sums[$0], $0) < (-sums[$1], $1) }.prefix(now)
    return strongest.sorted().map { $0 }
  }

  private func stacked(_ node: Node, _ kin: Node?, _ read: [[Int?]]) -> [Int?] {
    guard let kin else { return read.flatMap { $0.map { _ in nil } } }
    var starts: [String: Int] = [:]
    var start = 0
    for input in kin.inputs {
      starts[input] = start
      start += parent.channels(of: input)
    }
    return zip(node.inputs, read).flatMap { input, channels in
      channels.map { channel in starts[input].flatMap { start in channel.map { start + $0 } } }
    }
  }

  private func shuffled(_ read: [Int?], _ kin: Node?, groups: Int) -> [Int?] {
    guard let kin, parent.channelRule(of: kin) == .shuffling(groups: groups) else {
      return read.map { _ in nil }
    }
    let (now, before) = (read.count / groups, parent.channels(of: kin.name) / groups)
    return read.indices.map { output in
      read[output % groups * now + output / groups].map { $0 % before * groups + $0 / before }
    }
  }

  // MARK: Parameters

  /// Fills a layer from the parent's of that name: its output channels, and the channels that it reads.
  private mutating func take(_ node: Node, _ kin: Node, _ channels: [Int?], reading read: [Int?]) {
    let before = Dictionary(
      parent.slots(of: kin).map { ($0.slot.role, $0.slot) }, uniquingKeysWith: { first, _ in first })
    for (name, slot) in graph.slots(of: node) {
      guard let old = before[slot.role], old.outputAxis == slot.outputAxis, old.inputAxis == slot.inputAxis,
        let source = parent[slot.role, of: kin.name]?.projected, var target = graph.parameters[name]?.value
      else { continue }
      if slot.role == .weight, slot.shape.rank >= 2 {
        guard fill(&target, source, node, kin, slot, channels, read) else { continue }
      } else if slot.outputAxis == 0, slot.shape.rank == 1 {
        for (index, channel) in channels.enumerated() {
          if let channel, channel < source.values.count { target.values[index] = source.values[channel] }
        }
      } else if source.shape == slot.shape {
        target = source
      } else {
        continue
      }
      graph.parameters[name] = Parameter(target)
      inherited.insert(name)
    }
  }

  /// Fills weights `[O, I, …]`; false where the kernels do not slide alike.
  private func fill(
    _ target: inout Tensor, _ source: Tensor, _ node: Node, _ kin: Node, _ slot: ParameterSlot,
    _ channels: [Int?], _ read: [Int?]
  ) -> Bool {
    guard let taps = Taps(node.op, kin.op, target.shape, source.shape) else { return false }
    let inputs = target.shape[1]
    // Without an axis of inputs (a depthwise kernel) each filter has its own.
    let sources: [(channel: Int?, share: Float)] =
      slot.inputAxis == nil
      ? (0..<inputs).map { ($0 < source.shape[1] ? $0 : nil, 1) }
      : shares(of: known(read, inputs: inputs, before: source.shape[1]), node.name)
    for (filter, channel) in channels.enumerated() {
      guard let channel, channel < source.shape[0] else { continue }
      for (input, origin) in sources.enumerated() {
        for tap in 0..<taps.count {
          var value: Float = 0
          if let place = taps.place(of: tap), let input = origin.channel {
            value = origin.share * source.values[(channel * source.shape[1] + input) * taps.before + place]
          }
          target.values[(filter * inputs + input) * taps.count + tap] = value
        }
      }
    }
    return true
  }

  /// The parent's channels that a layer reads; by their numbers where none is known, as behind a block of another kind.
  private func known(_ read: [Int?], inputs: Int, before: Int) -> [Int?] {
    let map = read.count == inputs ? read.map { $0.flatMap { $0 < before ? $0 : nil } } : []
    if map.contains(where: { $0 != nil }) { return map }
    return (0..<inputs).map { $0 < before ? $0 : nil }
  }

  /// Divides each channel's weights among its copies.
  private func shares(of channels: [Int?], _ reader: String) -> [(channel: Int?, share: Float)] {
    var copies: [Int: [Int]] = [:]
    for (index, channel) in channels.enumerated() {
      if let channel { copies[channel, default: []].append(index) }
    }
    var shares = Array(repeating: Float(1), count: channels.count)
    for (channel, places) in copies where places.count > 1 {
      var drawn = random.refined(by: channel)
      let parts = places.map { _ in 0.5 + drawn.uniform() }
      let sum = parts.reduce(0, +)
      for (place, part) in zip(places, parts) { shares[place] = part / sum }
    }
    return zip(channels, shares).map { ($0, $1) }
  }

  private mutating func takeWhole(_ node: Node, _ kin: Node) {
    for (name, slot) in graph.slots(of: node) {
      guard let source = parent[slot.role, of: kin.name]?.projected, source.shape == slot.shape else {
        continue
      }
      graph.parameters[name] = Parameter(source)
      inherited.insert(name)
    }
  }

  /// Makes a new layer the identity where it can be; false where it stays as it was.
  private mutating func identity(_ node: Node, _ shapes: [Shape]) -> Bool {
    guard let input = shapes.first, graph.shape(of: node.name) == input else { return false }
    if let norm = node.op as? BatchNorm {
      graph[.scale, of: node.name]?.value.values = Array(
        repeating: (1 + norm.epsilon).squareRoot(), count: input[1])
      return true
    }
    guard node.op is any ProductOp, let weight = graph[.weight, of: node.name]?.value else { return false }
    var middle = 0
    if let convolution = node.op as? Conv2D {
      let (kernel, window) = (convolution.kernel, convolution.window)
      guard window.stride == 1, kernel.height % 2 == 1, kernel.width % 2 == 1, convolution.endPadding == nil,
        convolution.groups == 1 || convolution.groups == input[1],
        window.padding.height == kernel.height / 2 * convolution.dilation.height,
        window.padding.width == kernel.width / 2 * convolution.dilation.width
      else { return false }
      middle = kernel.height / 2 * kernel.width + kernel.width / 2
    }
    var start = Tensor(zeros: weight.shape)
    let (inputs, taps) = (weight.shape[1], weight.shape.dimensions.dropFirst(2).reduce(1, *))
    for filter in 0..<weight.shape[0] {
      start.values[(filter * inputs + (inputs == 1 ? 0 : filter)) * taps + middle] = 1
    }
    graph[.weight, of: node.name]?.value = start
    if let bias = graph[.bias, of: node.name]?.value {
      graph[.bias, of: node.name]?.value = Tensor(zeros: bias.shape)
    }
    return true
  }
}

/// Where the taps of a kernel lie in another one that slides over the same pixels.
private struct Taps {
  /// Taps of the kernel, and of the other one.
  let count, before: Int
  private let width, oldHeight, oldWidth: Int
  private let down, right: Int

  /// `nil` for layers that do not slide alike.
  init?(_ op: any Op, _ old: any Op, _ shape: Shape, _ oldShape: Shape) {
    count = shape.dimensions.dropFirst(2).reduce(1, *)
    before = oldShape.dimensions.dropFirst(2).reduce(1, *)
    guard let now = op as? Conv2D, let old = old as? Conv2D else {
      guard count == before else { return nil }
      (width, oldHeight, oldWidth, down, right) = (count, 1, count, 0, 0)
      return
    }
    guard now.dilation == old.dilation else { return nil }
    width = now.kernel.width
    (oldHeight, oldWidth) = (old.kernel.height, old.kernel.width)
    // Tap u sees row i·s - p + u·d: that is what tap u + (p' - p)/d of the other one saw.
    func shift(_ padding: Int, _ before: Int, _ dilation: Int) -> Int {
      Int((Double(before - padding) / Double(dilation)).rounded())
    }
    down = shift(now.padding.height, old.padding.height, now.dilation.height)
    right = shift(now.padding.width, old.padding.width, now.dilation.width)
  }

  /// The tap of the other kernel; `nil` outside of it.
  func place(of tap: Int) -> Int? {
    let (row, column) = (tap / width + down, tap % width + right)
    guard (0..<oldHeight).contains(row), (0..<oldWidth).contains(column) else { return nil }
    return row * oldWidth + column
  }
}

extension Graph {
  /// The channels (axis 1) of a value.
  fileprivate func channels(of value: String) -> Int { shape(of: value)?.dimensions.dropFirst().first ?? 0 }

  fileprivate func channelRule(of node: Node) -> ChannelRule { node.op.channels(inputShapes(of: node)) }

  fileprivate func isMixing(_ node: Node) -> Bool { channelRule(of: node) == .mixing }
}
