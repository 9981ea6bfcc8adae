import Foundation
public import Graphs
public import Settings
public import Tensors

/// The sum of the nodes' scores along one path of a binary tree; decisions choose the path of each image.
///
/// Nodes are numbered from the root 0, level by level. The children of node k are 2k + 1, taken if its decision is positive,
/// and 2k + 2.
///
/// **Formula**: `y[n,c] = Σ_k p_k · scores[n, k·C + c]` with `p_0 = 1`, `p_(2k+1) = p_k · g_k`, `p_(2k+2) = p_k · (1 - g_k)`, and
/// `g_k = 1` if `decisions[n,k] > 0`, else 0. It is the same in training and inference.
///
/// **Shapes**: for the depth d, `decisions [N, 2^d - 1]`, `scores [N, (2^(d+1) - 1)·C]`, `y [N, C]`.
///
/// **Gradient**: by scores, `p_k · dy`. By decisions, a straight-through estimate: the derivative of `g_k` is replaced by that of
/// the sigmoid, `g'_k = σ(x)·(1 - σ(x))` for `x = decisions[n,k]`, so that `d decisions[n,k] = p_k · g'_k · (G_(2k+1) - G_(2k+2))`.
/// `G_j` is the sum of `dy · scores` along the path from node j to its leaf. It is no derivative of the sum, which is piecewise
/// constant in the decisions. The paper uses sigmoids instead, whose slope grows during training.
///
/// **Cost**: traffic only.
///
/// **Settings**: depth.
///
/// **Throws**: `ShapeError` for a depth outside 1...10 and for shapes that are not the tree's.
///
/// **Paper**: Kumar, Goyal, Varma, "Resource-efficient machine learning in 2 KB RAM for the Internet of Things", ICML 2017.
public struct TreeSum: Op {
  /// The name in files: `tree-sum`.
  public static let kind = "tree-sum"
  /// The depths that a tree may have.
  public static let depths = 1...10

  /// The number of decisions on a path.
  public var depth = 1

  /// Makes the sum of a tree of depth 1: a root and two leaves.
  public init() {}

  /// Makes the sum of a tree of a depth.
  public init(depth: Int) { self.depth = depth }

  /// Settings: `depth`.
  public static var settings: [Setting<TreeSum>] {
    [Setting("depth", \.depth, in: depths, required: true, "decisions on a path")]
  }

  /// Small cases that the laws of ops run.
  public static var examples: [OpExample<TreeSum>] {
    [
      OpExample(TreeSum(depth: 2), [3, 3], [3, 14]), OpExample(TreeSum(depth: 1), [4, 1], [4, 9]),
      OpExample(TreeSum(depth: 3), [5, 7], [5, 15]),
    ]
  }

  /// The number of inner nodes, `2^depth - 1`.
  public var decisions: Int { 1 << depth - 1 }
  /// The number of all nodes, `2^(depth+1) - 1`.
  public var nodes: Int { 2 << depth - 1 }
  /// False: the gradients by decisions are straight-through estimates.
  public var gradientsAreDerivatives: Bool { false }

  /// Refuses a depth outside 1…10.
  public func validate() throws(ShapeError) { try require(depth, in: Self.depths, "depth") }

  /// `[N, C]`, where C is the number of scores divided by the number of nodes.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    try requireInputs(inputs, count: 2)
    let (choice, scores) = (inputs[0], inputs[1])
    guard choice.rank == 2, choice[1] == decisions else {
      throw .wrongRank(op: kind, expected: "\(decisions) decisions, Nx\(decisions)", found: choice)
    }
    guard scores.rank == 2, scores[1] % nodes == 0, scores[1] > 0 else {
      throw .wrongRank(op: kind, expected: "scores of \(nodes) nodes, Nx(\(nodes)·C)", found: scores)
    }
    guard scores[0] == choice[0] else {
      throw .mismatch(op: kind, what: "the batches differ", first: choice, second: scores)
    }
    return [choice[0], scores[1] / nodes]
  }

  /// Fixed: each decision and each score belongs to one node.
  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "each decision and each score belongs to a node of the tree")
  }

  /// Adds up the scores of the nodes on each image's path.
  public func forward(_ frame: inout KernelFrame) {
    let (choice, scores) = (frame.inputs[0].values, frame.inputs[1].values)
    let classes = frame.output.shape[1]
    var y = Array(repeating: Float(0), count: frame.output.shape.count)
    for item in 0..<frame.output.shape[0] {
      let first = item * nodes * classes
      for node in path(choice, item) {
        for c in 0..<classes { y[item * classes + c] += scores[first + node * classes + c] }
      }
    }
    frame.output.values = y
  }

  /// Writes `dy` to the scores on the path and straight-through gradients to its decisions; all others stay 0.
  public func backward(_ frame: inout GradientFrame) {
    let (choice, scores) = (frame.inputs[0].values, frame.inputs[1].values)
    let classes = frame.output.shape[1]
    let dy = frame.outputGradient.values
    var (dChoice, dScores) = (frame.inputGradients[0].values, frame.inputGradients[1].values)
    for item in 0..<frame.output.shape[0] {
      let first = item * nodes * classes
      // dy · scores, summed along the path below each node; leaves come first, as parents need their children.
      var gains = Array(repeating: Double(0), count: nodes)
      for node in (0..<nodes).reversed() {
        for c in 0..<classes {
          gains[node] += Double(dy[item * classes + c]) * Double(scores[first + node * classes + c])
        }
        guard node < decisions else { continue }
        gains[node] += gains[2 * node + (choice[item * decisions + node] > 0 ? 1 : 2)]
      }
      for node in path(choice, item) {
        for c in 0..<classes { dScores[first + node * classes + c] = dy[item * classes + c] }
        guard node < decisions else { continue }
        let sigmoid = 1 / (1 + exp(-Double(choice[item * decisions + node])))
        let slope = sigmoid * (1 - sigmoid)
        dChoice[item * decisions + node] = Float(slope * (gains[2 * node + 1] - gains[2 * node + 2]))
      }
    }
    frame.inputGradients[0].values = dChoice
    frame.inputGradients[1].values = dScores
  }

  /// The nodes on an image's path, from the root to a leaf.
  private func path(_ choice: [Float], _ item: Int) -> [Int] {
    var nodes = [0]
    for _ in 0..<depth {
      let node = nodes[nodes.count - 1]
      nodes.append(2 * node + (choice[item * decisions + node] > 0 ? 1 : 2))
    }
    return nodes
  }
}
