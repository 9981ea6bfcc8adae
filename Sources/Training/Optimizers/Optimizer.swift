public import Execution
public import Settings

/// An update rule with a name and settings.
///
/// The rule multiplies every gradient by `StepParameters.gradientScale` before anything else. An optimizer is
/// one file in `Optimizers/` and one line in `OptimizerCatalogue`.
public protocol Optimizer: UpdateRule, NamedKind {}

/// All optimizers.
public enum OptimizerCatalogue: Catalogue {
  /// The optimizers, in the order of the documentation.
  public static let all: [any Optimizer.Type] = [SGD.self, AdamW.self]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The kind as an optimizer; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any Optimizer)? { kind as? any Optimizer }
}
