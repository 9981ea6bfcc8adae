public import Graphs
import Ops
public import Tensors

/// The places of a sub-network's parameters among those of a larger network with which it shares weights.
///
/// The sub-network has the first channels of each layer, the middle of each kernel, and may lack layers:
///
///     w[o, i, u, v] = W[o, m(i), u + a, v + b]
///
/// Layers of the same name correspond. `m` is the channel of the larger network that the i-th channel read is
/// a copy of: i itself, except behind a concatenation or a shuffle. `a` and `b` align the kernels by their
/// paddings. A layer that is missing hands its input on, so its readers read the same channel numbers.
///
/// **Papers** Yu, Yang, Xu, Yang, Huang, "Slimmable neural networks", ICLR 2019, arXiv:1812.08928; Cai, Gan,
/// Wang, Zhang, Han, "Once-for-all", ICLR 2020, arXiv:1908.09791.
public struct WeightSlices: Sendable {
  /// For each parameter of the sub-network, row-major, the places of its elements in the larger parameter;
  /// `nil` for a parameter that is the whole of it.
  private var places: [String: (shape: Shape, indices: [Int32]?)] = [:]
  private let largest: Graph
  private let member: Graph
  /// For each value of the sub-network, the channel of the larger network's value that each channel is.
  private var maps: [String: [Int]] = [:]

  /// Finds the places; throws `TrainingError.sharing` for a network that is no part of the larger one.
  public init(of largest: Graph, by member: Graph) throws {
    (self.largest, self.member) = (largest, member)
    guard largest.inputs == member.inputs else {
      throw TrainingError.sharing(
        layer: member.inputs.first?.name ?? "input",
        reason:
          "it reads \(Self.words(member.inputs)), the largest network \(Self.words(largest.inputs)); leave the input's size fixed"
      )
    }
    for input in member.inputs { maps[input.name] = Array(0..<(input.shape.dimensions.first ?? 0)) }
    for node in member.nodes { try add(node) }
    maps = [:]
  }

  private static func words(_ inputs: [GraphInput]) -> String {
    inputs.map { "\($0.shape)" }.joined(separator: ", ")
  }

  /// The sub-network's parameters, as they are in those of the larger network.
  public func gathered(_ parameters: [String: Tensor]) -> [String: Tensor] {
    var own: [String: Tensor] = [:]
    for (name, (shape, indices)) in places {
      guard let whole = parameters[name] else { continue }
      guard let indices else {
        own[name] = whole
        continue
      }
      own[name] = Tensor(indices.map { whole.values[Int($0)] }, shape: shape)
    }
    return own
  }

  /// The sub-network with the weights that it shares.
  public func network(_ parameters: [String: Tensor]) -> Graph {
    var graph = member
    for (name, tensor) in gathered(parameters) { graph.parameters[name] = Parameter(tensor) }
    return graph
  }

  /// Adds the gradient of a sub-network's parameter to that of the larger one, element by element.
  func add(_ gradient: Tensor, of name: String, to sum: inout [Float]) {
    guard let (_, indices) = places[name] else { return }
    guard let indices else {
      for index in sum.indices { sum[index] += gradient.values[index] }
      return
    }
    for (index, place) in indices.enumerated() { sum[Int(place)] += gradient.values[index] }
  }

  // MARK: Channels

  private mutating func add(_ node: Node) throws {
    guard let kin = largest.node(named: node.name), kin.op.kind == node.op.kind else {
      throw refusal(
        node, "the largest network has no such layer; give layers names that do not depend on depth")
    }
    let read = node.inputs.map { maps[$0] ?? [] }
    let channels = try channels(of: node, kin, read)
    maps[node.name] = channels
    let slots = Dictionary(
      largest.slots(of: kin).map { ($0.slot.role, $0.slot) }, uniquingKeysWith: { first, _ in first })
    for (name, slot) in member.slots(of: node) {
      guard let large = slots[slot.role], large.shape.rank == slot.shape.rank else {
        throw refusal(node, "the largest network's layer has no such parameter: \(name)")
      }
      if large.shape == slot.shape, isWhole(channels, read) {
        places[name] = (slot.shape, nil)
        continue
      }
      let axes = try axes(of: slot, in: large, node, kin, channels, read.first ?? [])
      places[name] = (slot.shape, Self.indices(axes, in: large.shape))
    }
  }

  /// True if channels are numbered as they are in the larger network, so that equal shapes are equal slices.
  private func isWhole(_ channels: [Int], _ read: [[Int]]) -> Bool {
    ([channels] + read).allSatisfy { $0 == Array($0.indices) }
  }

  /// The channel of the larger network's value that each channel of a node's value is.
  private func channels(of node: Node, _ kin: Node, _ read: [[Int]]) throws -> [Int] {
    let shapes = member.inputShapes(of: node)
    let (rule, before) = (node.op.channels(shapes), kin.op.channels(largest.inputShapes(of: kin)))
    let (count, most) = (extent(node, member), extent(kin, largest))
    switch (rule, before) {
    case (.mixing, .mixing):
      guard count <= most else {
        throw refusal(node, "it has \(count) channels, the largest network \(most)")
      }
      return Array(0..<count)
    case (.following, .following):
      guard let first = read.first, read.allSatisfy({ $0 == first }) else {
        throw refusal(node, "it combines channels of different numbers")
      }
      return first
    case (.stacking, .stacking) where node.inputs.count == kin.inputs.count:
      var start = 0
      return zip(kin.inputs, read).flatMap { input, channels in
        defer { start += largest.shape(of: input)?.dimensions.dropFirst().first ?? 0 }
        return channels.map { start + $0 }
      }
    case (.spreading(let each), .spreading(let known)) where each == known:
      return (read.first ?? []).flatMap { channel in (0..<each).map { channel * each + $0 } }
    case (.shuffling(let groups), .shuffling(let known)) where groups == known:
      let own = read.first ?? []
      let (now, then) = (own.count / groups, most / groups)
      return own.indices.map { output in
        let channel = own[output % groups * now + output / groups]
        return channel % then * groups + channel / then
      }
    case (.slicing(let start), .slicing(let known)):
      let kept = (read.first ?? []).dropFirst(start).prefix(count).map { $0 - known }
      guard kept.allSatisfy({ (0..<most).contains($0) }) else {
        throw refusal(node, "it takes channels that the largest network's layer does not take")
      }
      return kept
    case (.fixed, .fixed) where count == most && isWhole([], read) && equalInputs(node, kin):
      return Array(0..<count)
    default:
      throw refusal(
        node,
        "its channels depend on the network in a way that slices cannot follow; keep the shape before it fixed"
      )
    }
  }

  private func equalInputs(_ node: Node, _ kin: Node) -> Bool {
    member.inputShapes(of: node) == largest.inputShapes(of: kin)
  }

  private func extent(_ node: Node, _ graph: Graph) -> Int {
    graph.shape(of: node.name)?.dimensions.dropFirst().first ?? 0
  }

  // MARK: Places

  /// The places of a parameter's elements along each axis of the larger parameter.
  private func axes(
    of slot: ParameterSlot, in large: ParameterSlot, _ node: Node, _ kin: Node, _ channels: [Int],
    _ read: [Int]
  ) throws -> [[Int]] {
    try slot.shape.dimensions.indices.map { axis in
      let (count, most) = (slot.shape[axis], large.shape[axis])
      var places = Array(0..<count)
      if axis == slot.outputAxis {
        places = channels
      } else if axis == slot.inputAxis {
        places = read
      } else if count != most {
        places = try taps(node, kin, axis: axis, count: count)
      }
      guard places.count == count, places.allSatisfy({ (0..<most).contains($0) }) else {
        throw refusal(node, "its parameter \(slot.role) is no part of the largest network's")
      }
      return places
    }
  }

  /// The taps of the larger kernel at the positions of a smaller one.
  private func taps(_ node: Node, _ kin: Node, axis: Int, count: Int) throws -> [Int] {
    guard let own = node.op as? Conv2D, let large = kin.op as? Conv2D, own.dilation == large.dilation,
      axis > 1
    else { throw refusal(node, "axis \(axis) of its weights has another extent than in the largest network") }
    let (padding, whole, dilation) =
      axis == 2
      ? (own.window.padding.height, large.window.padding.height, own.dilation.height)
      : (own.window.padding.width, large.window.padding.width, own.dilation.width)
    guard (whole - padding).isMultiple(of: dilation) else {
      throw refusal(node, "its kernel does not lie on the taps of the largest network's")
    }
    return (0..<count).map { $0 + (whole - padding) / dilation }
  }

  private func refusal(_ node: Node, _ reason: String) -> TrainingError {
    .sharing(layer: node.name, reason: reason)
  }

  /// The row-major places in a tensor of the elements that axes select.
  private static func indices(_ axes: [[Int]], in shape: Shape) -> [Int32] {
    var indices: [Int32] = [0]
    for (axis, places) in axes.enumerated() {
      let extent = Int32(shape[axis])
      indices = indices.flatMap { start in places.map { start * extent + Int32($0) } }
    }
    return indices
  }
}
