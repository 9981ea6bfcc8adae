import Foundation
import RealModule
public import Settings

/// What a search may choose: settings of a pipeline's methods, each with the values it can take.
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
      let index = variable.stage
      guard let choice = stages[index].choice else { continue }
      stages[index].choice = try variable.applied(value, to: choice)
      let words = "\(variable.name) \(value.words)"
      stages[index].label = stages[index].label.map { $0 + ", " + words } ?? words
    }
    return stages
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

/// A setting of a stage's method, and the values that a search may give it.
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
  }

  /// Which stage, counted from 0.
  public var stage: Int
  /// The setting's name; `nil` for the number that the method calls its strength.
  public var setting: String?
  /// The values.
  public var domain: Domain

  /// Makes a variable.
  public init(stage: Int, setting: String? = nil, domain: Domain) {
    self.stage = stage
    self.setting = setting
    self.domain = domain
  }

  /// How it is called in tables.
  public var name: String { setting ?? "strength" }

  /// The value at a place of the domain, 0 for its first and 1 for its last.
  public func value(at place: Double) -> SettingsNode {
    let place = min(max(place, 0), 1)
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

  /// Whether its values have an order, by which a search can halve them.
  public var isOrdered: Bool { if case .choices = domain { false } else { true } }

  func applied(_ value: SettingsNode, to choice: MethodChoice) throws(SettingsError) -> MethodChoice {
    guard let setting else { return choice.withStrength(try value.number("strength")) }
    return try choice.updated(SettingsNode(mapping: [setting: value]))
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
    return SettingsNode(mapping: ["stage": stage.node, "setting": setting.node, "values": values])
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
