import Ops
public import Settings

/// A linear layer to the number of classes.
///
/// Its value is `logits`. The width multiplier does not change it.
public struct Classifier: Block {
  /// The name in specs: `classifier`.
  public static let kind = "classifier"
  /// One line for lists and documentation.
  public static let summary = "linear layer to the number of classes"
  /// `nil`: values belong to the surrounding scope.
  public static let scopeName: String? = nil

  /// True if the layer has a bias.
  public var bias = true

  /// A layer with a bias.
  public init() {}

  /// Settings: `bias`.
  public static var settings: [Setting<Self>] {
    [Setting("bias", \.bias, "whether the layer has a bias")]
  }

  /// Appends the linear layer under the name `logits`.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let linear = Linear(features: network.classes, bias: bias)
    return try network.append(linear, named: NetworkBuilder.outputName, from: [input])
  }
}
