import Foundation
public import Graphs
import Methods
import RealModule
public import Settings
import Tensors

/// What a search may choose: settings of a pipeline's methods and variables of its network, each with the values it can take.
public struct SearchSpace: Sendable, Equatable {
  /// The variables, in the order in which assignments give values.
  public var variables: [SearchVariable]

  /// Makes a space.
  public init(_ variables: [SearchVariable]) { self.variables = variables }

  /// The stages with the values of an assignment, each stage labelled with what was chosen for it.
  public func applied(
    _ assignment: Assignment, to stages: [TrialSpec.Stage]
  ) throws(SettingsError) -> [TrialSpec.Stage] {
    var stages = stages
    for (variable, value) in zip(variables, assignment.values) {
      let index = variable.stage ?? 0
      if variable.stage != nil {
        guard let choice = stages[index].choice else { continue }
        stages[index].choice = try variable.applied(value, to: choice)
      }
      let words = "\(variable.name) \(value.words)"
      stages[index].label = stages[index].label.map { $0 + ", " + words } ?? words
    }
    return stages
  }

  /// The values that an assignment gives to the network's variables, by name; none where the network is given.
  public func networkValues(_ assignment: Assignment) -> [String: SettingsNode] {
    var values: [String: SettingsNode] = [:]
    for (variable, value) in zip(variables, assignment.values) where variable.stage == nil {
      values[variable.setting ?? ""] = value
    }
    return values
  }

  /// The space with a variable for each layer of a network, where one is of each layer by itself.
  public func expanded(on graph: Graph, _ stages: [TrialSpec.Stage]) throws -> SearchSpace {
    SearchSpace(try variables.flatMap { try $0.expanded(on: graph, stages) })
  }

  /// The space as an address holds it.
  public var node: SettingsNode { SettingsNode(.list(variables.map(\.node))) }
}

/// One value for each variable of a space.
public struct Assignment: Sendable, Equatable {
  /// In the order of the space's variables.
  public var values: [SettingsNode]

  /// Makes an assignment.
  public init(_ values: [SettingsNode]) { self.values = values }
}

/// A setting of a stage's method, of all layers or of some, or a variable of the network, and the values that a search may give it.
public struct SearchVariable: Sendable, Equatable {
  /// How a range is gone through.
  public enum Scale: String, Sendable, SettingChoice {
    /// Equal steps are equal differences.
    case linear
    /// Equal steps are equal ratios; of numbers above 0.
    case log
  }

  /// The values.
  public enum Domain: Sendable, Equatable {
    case real(ClosedRange<Double>, Scale)
    case integer(ClosedRange<Int>)
    case choices([SettingsNode])

    /// The ends of a range, or all that can be chosen: what must be accepted for the rest to be.
    public var ends: [SettingsNode] {
      switch self {
      case .real(let range, _): [range.lowerBound.node, range.upperBound.node]
      case .integer(let range): [range.lowerBound.node, range.upperBound.node]
      case .choices(let values): values
      }
    }
  }

  /// Whose setting it is.
  public enum Layers: Sendable, Equatable {
    /// Of all layers that no override names.
    case all
    /// Of each layer by itself, tied ones together: a variable each, once the network is known.
    case each
    /// Of each of so many groups of layers by itself, those of similar size and distribution of weights together.
    case similar(Int)
    /// Of these layers.
    case named([String])
  }

  /// Which stage, counted from 0; `nil` for a variable of the network.
  public var stage: Int?
  /// The setting's name; `nil` for the number that the method calls its strength.
  public var setting: String?
  /// Whose setting it is.
  public var layers: Layers
  /// The values.
  public var domain: Domain
  /// Whether places count from the range's upper end down, since the method is weaker there, as with bits: strategies take it that
  /// no place makes a student larger than those before it.
  public var descends: Bool

  /// Makes a variable; one of layers by themselves must name its setting.
  public init(
    stage: Int?, setting: String? = nil, layers: Layers = .all, domain: Domain, descends: Bool = false
  ) {
    precondition(
      setting != nil || (layers == .all && stage != nil), "overrides and variables of networks have names")
    self.descends = descends
    self.stage = stage
    self.setting = setting
    self.layers = layers
    self.domain = domain
  }

  /// How it is called in tables.
  public var name: String {
    let name = (stage == nil ? "network." : "") + (setting ?? "strength")
    return switch layers {
    case .all: name
    case .each: name + " of each layer"
    case .similar(let count): name + " of \(count) groups of similar layers"
    case .named(let layers): name + " of " + layers.joined(separator: "+")
    }
  }

  /// The place of a value in the domain, 0…1: what `value(at:)` was asked for, up to rounding; `nil` for what is none of its values.
  public func place(of value: SettingsNode) -> Double? {
    let place = ascendingPlace(of: value)
    return descends ? place.map { 1 - $0 } : place
  }

  private func ascendingPlace(of value: SettingsNode) -> Double? {
    let number = try? value.number(name)
    switch domain {
    case .real(let range, .linear):
      return number.map { ($0 - range.lowerBound) / (range.upperBound - range.lowerBound) }
    case .real(let range, .log):
      return number.map {
        Double.log($0 / range.lowerBound) / Double.log(range.upperBound / range.lowerBound)
      }
    case .integer(let range):
      return number.map { ($0 - Double(range.lowerBound)) / Double(max(1, range.count - 1)) }
    case .choices(let values):
      return values.firstIndex(of: value).map { Double($0) / Double(max(1, values.count - 1)) }
    }
  }

  /// The value at a place of the domain: 0 for its first and 1 for its last, or the other way round where it descends.
  public func value(at place: Double) -> SettingsNode {
    let clamped = min(max(place, 0), 1)
    let place = descends ? 1 - clamped : clamped
    switch domain {
    // The ends are given as they are: sums and logarithms would round them.
    case .real(let range, _) where place == 0: return range.lowerBound.node
    case .real(let range, _) where place == 1: return range.upperBound.node
    case .real(let range, .linear):
      return (range.lowerBound + place * (range.upperBound - range.lowerBound)).node
    case .real(let range, .log):
      return (range.lowerBound * Double.pow(range.upperBound / range.lowerBound, place)).node
    // The ends, which are held against the setting's own range, before so wide a range is counted.
    case .integer(let range) where place == 0: return range.lowerBound.node
    case .integer(let range) where place == 1: return range.upperBound.node
    case .integer(let range):
      return (range.lowerBound + Int((place * Double(range.count - 1)).rounded())).node
    case .choices(let values):
      return values[Int((place * Double(values.count - 1)).rounded())]
    }
  }

  /// How many values there are; `nil` for as many as numbers.
  public var count: Int? {
    switch domain {
    case .real: nil
    case .integer(let range): range.count
    case .choices(let values): values.count
    }
  }

  /// A place for each of its values, in their order; so many equal steps for numbers.
  func places(steps: Int) -> [Double] {
    let count = min(count ?? steps, steps)
    return (0..<count).map { count == 1 ? 0 : Double($0) / Double(count - 1) }
  }

  /// A place that is drawn evenly over its values.
  func drawnPlace(_ random: inout SeededRandom) -> Double {
    let place = Double(random.next() >> 11) * 0x1p-53
    // Each of n values has an n-th of the line.
    guard let count else { return place }
    return count == 1 ? 0 : (place * Double(count)).rounded(.down) / Double(count - 1)
  }

  /// Whether its values have an order, by which a search can halve them.
  public var isOrdered: Bool { if case .choices = domain { false } else { true } }

  func applied(_ value: SettingsNode, to choice: MethodChoice) throws(SettingsError) -> MethodChoice {
    guard let setting else { return choice.withStrength(try value.number("strength")) }
    let settings = SettingsNode(mapping: [setting: value])
    guard case .named(let layers) = layers else { return try choice.updated(settings) }
    var choice = choice
    choice.overrides.append(LayerOverride(of: layers, settings: settings))
    return choice
  }

  /// This variable for each layer of a network that the stage's method applies to, tied ones together, or for each group of similar
  /// ones; itself where it is of all or of some.
  fileprivate func expanded(on graph: Graph, _ stages: [TrialSpec.Stage]) throws -> [SearchVariable] {
    guard let stage, let choice = stages[stage].choice else { return [self] }
    let names: [[String]]
    switch layers {
    case .all, .named: return [self]
    case .each: names = try choice.layers(of: graph)
    case .similar(let count):
      let layers = try choice.layers(of: graph).count
      guard count <= layers else {
        throw MethodError.impossible(
          method: choice.name, node: "over",
          reason: "\(count) groups of similar layers cannot be made of \(layers); ask for fewer")
      }
      names = (1...count).map { [SimilarLayers($0, of: count).text] }
    }
    return names.map { names in
      var variable = self
      variable.layers = .named(names)
      return variable
    }
  }

  fileprivate var node: SettingsNode {
    let values: SettingsNode =
      switch domain {
      case .real(let range, let scale):
        SettingsNode(mapping: [
          "from": range.lowerBound.node, "to": range.upperBound.node, "scale": scale.node,
        ])
      case .integer(let range):
        SettingsNode(mapping: ["first": range.lowerBound.node, "last": range.upperBound.node])
      case .choices(let values): SettingsNode(.list(values))
      }
    let node = SettingsNode(mapping: ["stage": stage.node, "setting": setting.node, "values": values])
    // Few variables have it: the addresses of all others stay.
    guard case .named(let layers) = layers else { return node }
    return node.adding(SettingsNode(mapping: ["layers": layers.node]))
  }
}

extension SettingsNode {
  /// A value in a table: four digits are enough to tell tries apart.
  fileprivate var words: String {
    switch content {
    case .number(let value): String(format: "%.4g", value)
    case .string(let text): text
    default: canonicalJSON
    }
  }
}
