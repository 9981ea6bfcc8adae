public import Execution
import Settings

/// An update rule with a name and settings. One file in `Optimizers/` and one line in `OptimizerCatalogue`.
///
/// The rule multiplies every gradient by `StepParameters.gradientScale` before anything else.
public protocol Optimizer: UpdateRule, NamedKind {}

/// Every optimizer.
public enum OptimizerCatalogue {
  /// The types, in the order in which they are documented.
  public static let all: [any Optimizer.Type] = [SGD.self, AdamW.self]

  /// Every name.
  public static var names: [String] { all.map { $0.name } }

  /// Reads a name, a name with settings, or settings for the present optimizer.
  static func read(
    _ node: SettingsNode, key: String, present: any Optimizer
  ) throws(SettingsError) -> any Optimizer {
    try NamedChoice.read(node, key: key, present: present, among: all) { $0 as? any Optimizer }
  }
}
