public import Graphs
import Ops
public import Tensors

/// Initializes a changed network from the trained weights of the network that it was derived from.
///
/// A search uses it to start a child from its parent.
///
///     let start = Inheritance(of: parent, by: child, random: random).graph
///
/// Layers of the same name and kind correspond. Their shapes determine the change:
///
/// - **wider**: channel j copies channel g(j) of the parent, with `g(j) = j` for the first n channels and a random g(j) for the others.
///   Layers that read a copied channel divide its weights among the copies by random shares of sum 1, `U[·,j] = share_j · W[·,g(j)]`.
///   Unequal shares let the copies diverge in training.
/// - **narrower**: the channels with the largest `Σ |w|` stay, summed over all layers whose channels are tied.
/// - **deeper**: a new layer with as many channels and the same plane starts as the identity, and so does a new batch norm.
/// - **larger kernel**: the old kernel, surrounded by zeros and aligned by the paddings; **smaller kernel**: the middle of the old one.
/// - **removed layer**: its readers read the channels of its input, by index.
/// - **replaced block**: layers of another kind keep their initial weights; their readers inherit weights by channel index.
///
/// A wider child or one with larger kernels computes exactly what the parent does. A deeper one does so if the activations behind new
/// layers leave their inputs unchanged, as a ReLU behind a ReLU. Encodings are not inherited: weights are the parent's projected values.
///
/// **Papers**: Chen, Goodfellow, Shlens, "Net2Net: accelerating learning via knowledge transfer", ICLR 2016, arXiv:1511.05641; for
/// kernels and removed layers Elsken, Metzen, Hutter, "Efficient multi-objective neural architecture search via Lamarckian evolution", ICLR
/// 2019, arXiv:1804.09081; for microcontrollers Fedorov et al., "SpArSe", NeurIPS 2019, arXiv:1905.12107.
public struct Inheritance {
  /// The child with its inherited weights; other parameters keep their initial values.
  public private(set) var graph: Graph
  /// The names of the parameters that inherited weights, in full or in part.
  public private(set) var inherited: Set<String> = []

  private let parent: Graph
  private let random: SeededRandom
  /// For each value of the child, the index of the parent's channel that each channel copies; `nil` for none.
  private var maps: [String: [Int?]] = [:]
  /// For each layer, the layers whose output channels are tied to its own.
  private let ties: [String: [String]]

  /// Copies the weights that fit to the child.
  ///
  /// The child must be initialized: parameters without a counterpart keep their values.
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

  /// The channel of the parent's layer that each output channel copies.
  ///
  /// A wider layer adds random copies; a narrower one keeps the strongest channels in their order.
  private func mixed(_ node: Node, _ kin: Node) -> [Int?] {
    let (now, before) = (graph.channels(of: node.name), parent.channels(of: kin.name))
    if now >= before {
      // The seed depends on the widths alone, so that tied layers copy the same channels.
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

  /// Copies the parameters of the parent's layer, mapped by output channels and by the channels that are read.
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

  /// Fills weights `[O, I, …]`; returns false if the kernels cannot be aligned.
  private func fill(
    _ target: inout Tensor, _ source: Tensor, _ node: Node, _ kin: Node, _ slot: ParameterSlot,
    _ channels: [Int?], _ read: [Int?]
  ) -> Bool {
    guard let taps = Taps(node.op, kin.op, target.shape, source.shape) else { return false }
    let inputs = target.shape[1]
    // A depthwise kernel has no axis of input channels: each filter reads its own channel.
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

  /// The parent's channels that a layer reads; equal indices if none is known, as behind a block of another kind.
  private func known(_ read: [Int?], inputs: Int, before: Int) -> [Int?] {
    let map = read.count == inputs ? read.map { $0.flatMap { $0 < before ? $0 : nil } } : []
    if map.contains(where: { $0 != nil }) { return map }
    return (0..<inputs).map { $0 < before ? $0 : nil }
  }

  /// The shares by which the copies of each channel divide its weights.
  ///
  /// The draws derive from the channel's index, so all readers of a channel share alike.
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

  /// Makes a new layer the identity if its shape allows it, else leaves it unchanged and returns false.
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

/// The positions of a kernel's taps in another kernel that slides over the same pixels.
private struct Taps {
  /// The number of taps of the kernel and of the other one.
  let count, before: Int
  private let width, oldHeight, oldWidth: Int
  private let down, right: Int

  /// Returns `nil` for convolutions of unequal dilation, and for other layers with unequal numbers of taps.
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
    // At output row i, tap u reads row i·s - p + u·d, which tap u + (p' - p)/d of the other kernel reads.
    func shift(_ padding: Int, _ before: Int, _ dilation: Int) -> Int {
      Int((Double(before - padding) / Double(dilation)).rounded())
    }
    down = shift(now.padding.height, old.padding.height, now.dilation.height)
    right = shift(now.padding.width, old.padding.width, now.dilation.width)
  }

  /// The index of the other kernel's tap at the same position; `nil` outside that kernel.
  func place(of tap: Int) -> Int? {
    let (row, column) = (tap / width + down, tap % width + right)
    guard (0..<oldHeight).contains(row), (0..<oldWidth).contains(column) else { return nil }
    return row * oldWidth + column
  }
}

extension Graph {
  /// The number of channels (axis 1) of a value.
  fileprivate func channels(of value: String) -> Int { shape(of: value)?.dimensions.dropFirst().first ?? 0 }

  fileprivate func channelRule(of node: Node) -> ChannelRule { node.op.channels(inputShapes(of: node)) }

  fileprivate func isMixing(_ node: Node) -> Bool { channelRule(of: node) == .mixing }
}
