import Ops
public import Settings

/// A binary tree whose nodes score all classes; the scores along an image's path are summed.
///
/// Behind a linear layer that projects images to few features it is Bonsai. The value it makes is `logits`. For features z, the
/// scores of node k are `(W_k z + a_k) ∘ tanh(V_k z + b_k)`. An inner node chooses its child by the sign of `θ_k·z + c_k`. V contains
/// the paper's σ, and the biases replace its constant feature.
///
/// Paper: Kumar, Goyal, Varma, "Resource-efficient machine learning in 2 KB RAM for the Internet of Things", ICML 2017.
public struct Tree: Block {
  /// The name in recipes: `tree`.
  public static let kind = "tree"
  /// The description in lists of blocks.
  public static let summary = "binary tree of linear scores, summed on an image's path (Bonsai)"
  /// None: its layers are named without a prefix.
  public static let scopeName: String? = nil

  /// The number of decisions on a path, 1…10.
  public var depth = 2

  /// Makes a tree of depth 2.
  public init() {}

  /// Settings: `depth`.
  public static var settings: [Setting<Self>] {
    [Setting("depth", \.depth, in: TreeSum.depths, "decisions on a path")]
  }

  /// Appends `decisions`, `scores`, `gains` with their tanh, `products` and the sum `logits`; returns the sum's name.
  public func append(to network: inout NetworkBuilder, from input: String) throws(NetworkError) -> String {
    let sum = TreeSum(depth: depth)
    let scores = Linear(features: sum.nodes * network.classes)
    let decisions = try network.append(Linear(features: sum.decisions), named: "decisions", from: [input])
    let linear = try network.append(scores, named: "scores", from: [input])
    let steep = try network.append(scores, named: "gains", from: [input])
    let gains = try network.append(Tanh(), named: "gains.tanh", from: [steep])
    let products = try network.append(Multiply(), named: "products", from: [linear, gains])
    return try network.append(sum, named: NetworkBuilder.outputName, from: [decisions, products])
  }
}
