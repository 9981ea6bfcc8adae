import Ops
public import Settings

/// A binary tree in which every node tells scores of all classes, of which those on an image's path are summed: Bonsai behind a linear
/// layer that projects images to few features. Its value is `logits`.
///
/// Of features z a node k tells `(W_k z + a_k) ∘ tanh(V_k z + b_k)`, and an inner one goes on by the sign of `θ_k·z + c_k`; the paper's
/// σ is part of V, its constant feature that of the biases.
///
/// Paper: Kumar, Goyal, Varma, "Resource-efficient machine learning in 2 KB RAM for the Internet of Things", ICML 2017.
public struct Tree: Block {
  public static let kind = "tree"
  public static let summary = "binary tree of linear scores, summed on an image's path (Bonsai)"
  public static let scopeName: String? = nil

  /// Decisions on a path.
  public var depth = 2

  public init() {}

  public static var settings: [Setting<Self>] {
    [Setting("depth", \.depth, in: TreeSum.depths, "decisions on a path")]
  }

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
