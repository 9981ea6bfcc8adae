public import Execution
public import Settings

/// An update rule with a name and settings. One file in `Optimizers/` and one line in `OptimizerCatalogue`.
///
/// The rule multiplies every gradient by `StepParameters.gradientScale` before anything else.
public protocol Optimizer: UpdateRule, NamedKind {}

/// Every optimizer.
public enum OptimizerCatalogue: Catalogue {
  public static let all: [any Optimizer.Type] = [SGD.self, AdamW.self]
  public static var kinds: [any NamedKind.Type] { all }

  public static func cast(_ kind: any NamedKind) -> (any Optimizer)? { kind as? any Optimizer }
}
