import Ops
public import Settings

/// A linear layer to the number of classes; its value is `logits`. The width multiplier leaves it alone.
public struct Classifier: Block {
  public static let kind = "classifier"
  public static let summary = "linear layer to the number of classes"
  public static let scopeName: String? = nil

  /// Whether the layer has a bias.
  public var bias = true

  public init() {}

  public static var settings: [Setting<Self>] {
    [Setting("bias", \.bias, "whether the layer has a bias")]
  }

  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let linear = Linear(features: network.classes, bias: bias)
    return try network.append(linear, named: NetworkBuilder.outputName, from: [input])
  }
}
