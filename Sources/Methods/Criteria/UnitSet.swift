public import Graphs
import Ops
import Tensors

/// Units that are alternatives to one another.
///
/// They are the weights of one tensor, singly or in groups, or the channels of one coupled group.
public struct UnitSet: Sendable {
  /// The name in messages: the parameter, or the group's first value.
  public let name: String
  /// The kind of the units.
  public let kind: UnitKind
  /// The number of units.
  public let count: Int
  private let layout: Layout

  /// The elements of the units.
  private enum Layout {
    /// The number of each element's unit in a parameter; `nil` if each element is a unit.
    case weights(numbers: [Int32]?)
    /// Coupled channels, and the parameters along whose axes they are counted.
    case channels(ChannelGroup, [Part])
  }

  /// A parameter with an axis that counts channels of the group.
  private struct Part {
    let parameter: String
    let relation: UnitRelation
    /// The value whose channels the axis counts.
    let value: String
    let axis: Int
    let shape: Shape
  }

  /// Makes the units of one weight tensor.
  init(parameter: String, shape: Shape, unit: any UnitShape) {
    name = parameter
    kind = unit.kind
    let grid = UnitGrid(shape: shape, extents: unit.extents(in: shape))
    count = grid.count
    layout = .weights(numbers: grid.isTrivial ? nil : grid.numbers)
  }

  /// Makes the units of a group of coupled channels.
  public init(_ group: ChannelGroup, in graph: Graph) {
    name = group.values[0]
    kind = .channel
    count = group.units.count
    var parts: [Part] = []
    let gated = Self.gated(group, in: graph)
    for node in graph.nodes {
      for (parameter, slot) in graph.slots(of: node) {
        func add(_ relation: UnitRelation, _ value: String?, _ axis: Int?) {
          guard let value, let axis, group.values.contains(value) else { return }
          parts.append(
            Part(parameter: parameter, relation: relation, value: value, axis: axis, shape: slot.shape))
        }
        if slot.isPrunable { add(.making, node.name, slot.outputAxis) }
        if slot.isPrunable { add(.reading, node.inputs.first, slot.inputAxis) }
        if slot.role == .scale { add(.scaling, node.name, slot.outputAxis) }
        if slot.role == .bias { add(.shifting, node.name, slot.outputAxis) }
        if slot.isTrainable, gated.contains(node.name) { add(.gating, node.name, slot.outputAxis) }
      }
    }
    layout = .channels(group, parts)
  }

  /// The values of a group behind which a gate stands: those of layers and norms that no later one of the
  /// group follows.
  private static func gated(_ group: ChannelGroup, in graph: Graph) -> Set<String> {
    var gated: Set<String> = []
    var leading: Set<String> = []
    for node in graph.nodes.reversed() where group.values.contains(node.name) {
      let isMixing = node.op.channels(graph.inputShapes(of: node)) == .mixing
      let isAffine = graph.slots(of: node).contains { $0.slot.isTrainable && $0.slot.outputAxis != nil }
      // In reverse order: a later norm or depthwise layer of the group still scales the values in `leading`.
      if isAffine, !leading.contains(node.name) { gated.insert(node.name) }
      if !isMixing, isAffine || leading.contains(node.name) { leading.formUnion(node.inputs) }
    }
    return gated
  }

  /// The same channels as units of another graph that has some of the values, in the same order.
  ///
  /// That may be a graph whose norms are folded. `nil` if they are no units there, and for units of weights.
  func matching(_ groups: [ChannelGroup], in graph: Graph) -> UnitSet? {
    guard case .channels(let group, _) = layout else { return nil }
    for candidate in groups {
      guard let value = candidate.values.first(where: group.values.contains) else { continue }
      var owners: [Int: ChannelUnit] = [:]
      for unit in candidate.units { for channel in unit.channels[value] ?? [] { owners[channel] = unit } }
      let units = group.units.compactMap { $0.channels[value]?.first.flatMap { owners[$0] } }
      guard units.count == count, candidate.units.count == count else { continue }
      return UnitSet(ChannelGroup(values: candidate.values, units: units), in: graph)
    }
    return nil
  }

  /// The parameters that have elements of the units, in the graph's order.
  ///
  /// For units of weights, making and reading are the same.
  public func parameters(_ relation: UnitRelation) -> [String] {
    switch layout {
    case .weights: relation.isOfWeights ? [name] : []
    case .channels(_, let parts): parts.filter { $0.relation == relation }.map(\.parameter)
    }
  }

  /// The sum of a criterion's numbers over the elements of each unit, in 64 bits.
  ///
  /// `terms` returns for a parameter the function from its element, row-major, to the number that is added;
  /// `nil` if the parameter counts nothing.
  public func sums(_ relation: UnitRelation, _ terms: (String) -> ((Int) -> Double)?) -> [Double] {
    switch layout {
    case .weights(let numbers):
      guard relation.isOfWeights, let term = terms(name) else {
        return Array(repeating: 0, count: count)
      }
      guard let numbers else { return (0..<count).map(term) }
      var sums = Array(repeating: 0.0, count: count)
      for element in numbers.indices { sums[Int(numbers[element])] += term(element) }
      return sums
    case .channels(let group, let parts):
      var byValue: [String: [Double]] = [:]
      for part in parts where part.relation == relation {
        guard let term = terms(part.parameter) else { continue }
        let sums = part.shape.sums(along: part.axis, of: term)
        byValue[part.value] = byValue[part.value].map { zip($0, sums).map { $0 + $1 } } ?? sums
      }
      return group.sums(byValue)
    }
  }

  /// Gives each element the number of its unit, or 0 if it is of none: row-major, by parameter.
  func spread(_ numbers: [Float], over relations: [UnitRelation]) -> [(parameter: String, elements: [Float])]
  {
    switch layout {
    case .weights(let units):
      return [(name, units.map { $0.map { numbers[Int($0)] } } ?? numbers)]
    case .channels(let group, let parts):
      return parts.filter { relations.contains($0.relation) }.map { part in
        var byChannel = Array(repeating: Float(0), count: part.shape[part.axis])
        for (unit, number) in zip(group.units, numbers) {
          for channel in unit.channels[part.value] ?? [] { byChannel[channel] = number }
        }
        let inner = part.shape.dimensions[(part.axis + 1)...].reduce(1, *)
        return (
          part.parameter, (0..<part.shape.count).map { byChannel[$0 / inner % part.shape[part.axis]] }
        )
      }
    }
  }

  /// The values whose channels a relation's parameters count, each once, in the graph's order; empty for
  /// weights.
  public func values(_ relation: UnitRelation) -> [String] {
    guard case .channels(_, let parts) = layout else { return [] }
    var seen: Set<String> = []
    return parts.filter { $0.relation == relation && seen.insert($0.value).inserted }.map(\.value)
  }

  /// The channels of a unit, by value; empty for weights.
  public func channels(of unit: Int) -> [String: [Int]] {
    guard case .channels(let group, _) = layout else { return [:] }
    return group.units[unit].channels
  }

  /// The sum of a criterion's numbers over the channels of each unit; values that are not named count
  /// nothing.
  public func sums(ofChannels numbers: [String: [Double]]) -> [Double] {
    guard case .channels(let group, _) = layout else { return Array(repeating: 0, count: count) }
    return group.sums(numbers)
  }

  /// The places of each unit's elements in each parameter of a relation, in the graph's order, channel after
  /// channel.
  ///
  /// Elements at the same place of two units' lists have the same part in them.
  public func elements(_ relation: UnitRelation) -> [[(parameter: String, elements: [Int])]] {
    switch layout {
    case .weights(let numbers):
      guard relation.isOfWeights else { return Array(repeating: [], count: count) }
      guard let numbers else { return (0..<count).map { [(name, [$0])] } }
      var elements = Array(repeating: [Int](), count: count)
      for element in numbers.indices { elements[Int(numbers[element])].append(element) }
      return elements.map { [(name, $0)] }
    case .channels(let group, let parts):
      let parts = parts.filter { $0.relation == relation }
      return group.units.map { unit in
        parts.map { part in
          (
            part.parameter,
            (unit.channels[part.value] ?? []).flatMap { part.shape.elements($0, axis: part.axis) }
          )
        }
      }
    }
  }

  /// Elements of a weight tensor; 0 for channels.
  var elementCount: Int {
    guard case .weights(let numbers) = layout else { return 0 }
    return numbers?.count ?? count
  }

  /// The unit of a weight tensor's element.
  func unit(of element: Int) -> Int {
    guard case .weights(let numbers?) = layout else { return element }
    return Int(numbers[element])
  }
}

/// The relation of elements to a channel.
///
/// A weight that is a unit, or part of one, both makes and reads.
public enum UnitRelation: Sendable {
  /// Weights of the filters that make it, depthwise ones that follow included.
  case making
  /// Weights that read it; to remove the channel is to set exactly these to zero.
  case reading
  /// Scales of the batch norms that it goes through.
  case scaling
  /// Biases of the layers that make it, depthwise ones that follow included.
  case shifting
  /// The parameters that a gate behind the last layer or norm of each of its paths in the group would
  /// multiply.
  ///
  /// These are the scale and shift of a norm, or the weights and bias of a layer without one.
  case gating

  /// True if elements of a weight tensor, singly or in groups, can have the relation.
  fileprivate var isOfWeights: Bool { self == .making || self == .reading }
}

/// A tensor cut into tiles of equal extents; those at the far ends may be smaller.
struct UnitGrid {
  let shape: Shape
  /// Extents of a tile, by axis.
  let extents: [Int]

  init(shape: Shape, extents: [Int]) {
    precondition(extents.count == shape.rank && extents.allSatisfy { $0 > 0 }, "\(extents) of \(shape)")
    self.shape = shape
    self.extents = extents
  }

  /// Tiles along each axis.
  private var tiles: [Int] { zip(shape.dimensions, extents).map { ($0 + $1 - 1) / $1 } }
  /// The number of all tiles.
  var count: Int { tiles.reduce(1, *) }
  /// True if each element is a tile.
  var isTrivial: Bool { extents.allSatisfy { $0 == 1 } }

  /// The number of each element's tile, row-major.
  var numbers: [Int32] {
    let tiles = tiles
    var numbers: [Int32] = [0]
    for axis in 0..<shape.rank {
      numbers = numbers.flatMap { outer in
        (0..<shape[axis]).map { outer * Int32(tiles[axis]) + Int32($0 / extents[axis]) }
      }
    }
    return numbers
  }
}

extension ChannelGroup {
  /// The sum of the numbers of each unit's channels over all values; values without numbers count nothing.
  func sums(_ numbers: [String: [Double]]) -> [Double] {
    units.map { unit in
      values.reduce(0) { sum, value in
        guard let channels = unit.channels[value], let numbers = numbers[value] else { return sum }
        return channels.reduce(sum) { $0 + numbers[$1] }
      }
    }
  }
}
