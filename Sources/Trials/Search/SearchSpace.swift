import Foundation
public import Graphs
import Methods
import RealModule
public import Settings
import Tensors

/// The settings that a search may choose, and their possible values.
///
/// They are settings of a pipeline's methods and variables of its network.
public struct SearchSpace: Sendable, Equatable {
  /// The variables, in the order of an assignment's values.
  public var variables: [SearchVariable]
  /// The training that a search may cut short; `nil` if there is none.
  public var budget: Budget?

  /// The training of a stage that can be stopped early and continued.
  public struct Budget: Sendable, Equatable {
    /// The index of the stage.
    public var stage: Int
    /// The number of its epochs.
    public var epochs: Int

    /// Makes a budget.
    public init(stage: Int, epochs: Int) { (self.stage, self.epochs) = (stage, epochs) }

    /// The reason why no training of a space can be cut short after `leastEpochs`; `nil` if one can.
    static func refusal(of space: SearchSpace, _ leastEpochs: Int) -> String? {
      guard let budget = space.budget else {
        return
          "cuts trainings short, and no stage of the pipeline that only trains, or whose method acts before it, has epochs"
      }
      return leastEpochs > budget.epochs
        ? "judges after \(leastEpochs) epochs at least, and the longest training has \(budget.epochs)" : nil
    }
  }

  /// Makes a space.
  public init(_ variables: [SearchVariable], budget: Budget? = nil) {
    self.variables = variables
    self.budget = budget
  }

  /// The stages with the values of an assignment, each labelled with the values chosen for it.
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

  /// The names and values of an assignment, in words.
  public func words(_ assignment: Assignment) -> String {
    zip(variables, assignment.values).map { "\($0.name) \($1.words)" }.joined(separator: ", ")
  }

  /// An assignment's values for the network's variables, by name; empty where the network is fixed.
  public func networkValues(_ assignment: Assignment) -> [String: SettingsNode] {
    var values: [String: SettingsNode] = [:]
    for (variable, value) in zip(variables, assignment.values) where variable.stage == nil {
      values[variable.setting ?? ""] = value
    }
    return values
  }

  /// The space with one variable per layer or group of layers in place of a variable of each layer or group.
  public func expanded(on graph: Graph, _ stages: [TrialSpec.Stage]) throws -> SearchSpace {
    SearchSpace(try variables.flatMap { try $0.expanded(on: graph, stages) }, budget: budget)
  }

  /// The space as an address holds it.
  public var node: SettingsNode { SettingsNode(.list(variables.map(\.node))) }
}

/// One value for each variable of a space.
public struct Assignment: Sendable, Equatable {
  /// The values, in the order of the space's variables.
  public var values: [SettingsNode]

  /// Makes an assignment.
  public init(_ values: [SettingsNode]) { self.values = values }
}

/// A variable of a search: a setting of a stage's method, or a variable of the network, with its possible
/// values.
public struct SearchVariable: Sendable, Equatable {
  /// The spacing of values in a range.
  public enum Scale: String, Sendable, SettingChoice {
    /// Equal steps are equal differences.
    case linear
    /// Equal steps are equal ratios, for numbers above 0.
    case log
  }

  /// The possible values.
  public enum Domain: Sendable, Equatable {
    /// Numbers in a range.
    case real(ClosedRange<Double>, Scale)
    /// Integers in a range.
    case integer(ClosedRange<Int>)
    /// The values of a list.
    case choices([SettingsNode])

    /// The ends of a range, or all values of a list; if a setting accepts these, it accepts every value.
    public var ends: [SettingsNode] {
      switch self {
      case .real(let range, _): [range.lowerBound.node, range.upperBound.node]
      case .integer(let range): [range.lowerBound.node, range.upperBound.node]
      case .choices(let values): values
      }
    }
  }

  /// The layers whose setting it is.
  public enum Layers: Sendable, Equatable {
    /// All layers that no override names.
    case all
    /// Each layer by itself, with tied ones as one: one variable per layer once the network is known.
    case each
    /// Each group of similar layers, by size and distribution of weights: one variable for each group.
    case similar(Int)
    /// The layers of these names.
    case named([String])
  }

  /// The index of the stage, from 0; `nil` for a variable of the network.
  public var stage: Int?
  /// The setting's name; `nil` for the method's strength.
  public var setting: String?
  /// The layers whose setting it is.
  public var layers: Layers
  /// The possible values.
  public var domain: Domain
  /// True if places run from the upper end of the range to the lower, because the method is weaker at higher
  /// values, as with bits.
  ///
  /// Strategies assume that a student at a later place is never larger.
  public var descends: Bool

  /// Makes a variable; one of single layers or of the network must name its setting.
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

  /// The variable's name in tables.
  public var name: String {
    let name = (stage == nil ? "network." : "") + (setting ?? "strength")
    return switch layers {
    case .all: name
    case .each: name + " of each layer"
    case .similar(let count): name + " of \(count) groups of similar layers"
    case .named(let layers): name + " of " + layers.joined(separator: "+")
    }
  }

  /// The place of a value in the domain, 0…1, up to rounding the argument of `value(at:)`; `nil` for other
  /// values.
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

  /// The value at a place in the domain: 0 is the first value and 1 the last, or reversed if the variable
  /// descends.
  ///
  /// Places outside 0…1 are clamped.
  public func value(at place: Double) -> SettingsNode {
    let clamped = min(max(place, 0), 1)
    let place = descends ? 1 - clamped : clamped
    switch domain {
    // The ends are returned exactly: sums and logarithms would round them.
    case .real(let range, _) where place == 0: return range.lowerBound.node
    case .real(let range, _) where place == 1: return range.upperBound.node
    case .real(let range, .linear):
      return (range.lowerBound + place * (range.upperBound - range.lowerBound)).node
    case .real(let range, .log):
      return (range.lowerBound * Double.pow(range.upperBound / range.lowerBound, place)).node
    // The ends come first: they are checked against the setting's own range before a very wide range is
    // counted.
    case .integer(let range) where place == 0: return range.lowerBound.node
    case .integer(let range) where place == 1: return range.upperBound.node
    case .integer(let range):
      return (range.lowerBound + Int((place * Double(range.count - 1)).rounded())).node
    case .choices(let values):
      return values[Int((place * Double(values.count - 1)).rounded())]
    }
  }

  /// The number of values; `nil` for real numbers.
  public var count: Int? {
    switch domain {
    case .real: nil
    case .integer(let range): range.count
    case .choices(let values): values.count
    }
  }

  /// One place for each value, at most `steps`, in their order; `steps` equally spaced places for real
  /// numbers.
  func places(steps: Int) -> [Double] {
    let count = min(count ?? steps, steps)
    return (0..<count).map { count == 1 ? 0 : Double($0) / Double(count - 1) }
  }

  /// Draws a place uniformly over the values.
  func drawnPlace(_ random: inout SeededRandom) -> Double {
    let place = Double(random.next() >> 11) * 0x1p-53
    // Each of n values has an n-th of the interval 0…1.
    guard let count else { return place }
    return count == 1 ? 0 : (place * Double(count)).rounded(.down) / Double(count - 1)
  }

  /// True if the values have an order, so that a search can halve them.
  public var isOrdered: Bool { if case .choices = domain { false } else { true } }

  func applied(_ value: SettingsNode, to choice: MethodChoice) throws(SettingsError) -> MethodChoice {
    guard let setting else { return choice.withStrength(try value.number("strength")) }
    let settings = SettingsNode(mapping: [setting: value])
    guard case .named(let layers) = layers else { return try choice.updated(settings) }
    var choice = choice
    choice.overrides.append(LayerOverride(of: layers, settings: settings))
    return choice
  }

  /// One variable for each layer, or group of similar layers, that the stage's method applies to, with tied
  /// layers as one.
  ///
  /// The variable itself if it is of all or of named layers.
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
          reason: "\(count) groups of similar layers cannot be formed from \(layers); ask for fewer")
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
    // Few variables name layers; without them the addresses of all other trials stay the same.
    guard case .named(let layers) = layers else { return node }
    return node.adding(SettingsNode(mapping: ["layers": layers.node]))
  }
}

extension SettingsNode {
  /// A value in a table; four digits tell tries apart.
  fileprivate var words: String {
    switch content {
    case .number(let value): String(format: "%.4g", value)
    case .string(let text): text
    default: canonicalJSON
    }
  }
}
