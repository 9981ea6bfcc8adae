import Foundation
public import Graphs
public import Settings
public import Tensors

/// The sum of the scores on one path of a binary tree, which decisions choose image by image.
///
/// Nodes are counted from the root, level by level: below node k lie 2k + 1, taken where its decision is positive, and 2k + 2.
///
/// **Formula**: `y[n,c] = Σ_k p_k · scores[n, k·C + c]` with `p_0 = 1`, `p_(2k+1) = p_k · g_k`, `p_(2k+2) = p_k · (1 - g_k)`, and
/// `g_k = 1` if `decisions[n,k] > 0`, else 0. The same in training and inference.
///
/// **Shapes**: for a depth of d: `decisions [N, 2^d - 1]`, `scores [N, (2^(d+1) - 1)·C]`, `y [N, C]`.
///
/// **Gradient**: by scores `p_k · dy`; by decisions straight through: the derivative of `g_k` is taken to be that of the sigmoid,
/// `g'_k = σ(x)·(1 - σ(x))`, so that `d decisions[n,k] = p_k · g'_k · (dy · what the positive side's path gives, less the other's)`.
/// That is no derivative of the sum, which jumps. The paper has sigmoids instead, which grow steep in the course of the training.
///
/// **Cost**: traffic only.
///
/// **Settings**: depth.
///
/// **Throws**: `ShapeError` for a depth outside 1...10 and for shapes that are not the tree's.
///
/// **Paper**: Kumar, Goyal, Varma, "Resource-efficient machine learning in 2 KB RAM for the Internet of Things", ICML 2017.
public struct TreeSum: Op {
  public static let kind = "tree-sum"
  /// The depths that a tree may have.
  public static let depths = 1...10

  /// Decisions on a path.
  public var depth = 1

  /// A root and two leaves.
  public init() {}

  /// Makes a sum over paths.
  public init(depth: Int) { self.depth = depth }

  public static var settings: [Setting<TreeSum>] {
    [Setting("depth", \.depth, in: depths, required: true, "decisions on a path")]
  }

  public static var examples: [OpExample<TreeSum>] {
    [
      OpExample(TreeSum(depth: 2), [3, 3], [3, 14]), OpExample(TreeSum(depth: 1), [4, 1], [4, 9]),
      OpExample(TreeSum(depth: 3), [5, 7], [5, 15]),
    ]
  }

  /// Nodes that decide.
  public var decisions: Int { 1 << depth - 1 }
  /// All nodes.
  public var nodes: Int { 2 << depth - 1 }
  /// The sum's gradients by decisions stand in for derivatives.
  public var gradientsAreDerivatives: Bool { false }

  public func validate() throws(ShapeError) { try require(depth, in: Self.depths, "depth") }

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

  public func channels(_ inputs: [Shape]) -> ChannelRule {
    .fixed(reason: "each decision and each score belongs to a node of the tree")
  }

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

  public func backward(_ frame: inout GradientFrame) {
    let (choice, scores) = (frame.inputs[0].values, frame.inputs[1].values)
    let classes = frame.output.shape[1]
    let dy = frame.outputGradient.values
    var (dChoice, dScores) = (frame.inputGradients[0].values, frame.inputGradients[1].values)
    for item in 0..<frame.output.shape[0] {
      let first = item * nodes * classes
      // dy times what the path from a node on gives, leaves first.
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

  /// The nodes that an image goes through, from the root to a leaf.
  private func path(_ choice: [Float], _ item: Int) -> [Int] {
    var nodes = [0]
    for _ in 0..<depth {
      let node = nodes[nodes.count - 1]
      nodes.append(2 * node + (choice[item * decisions + node] > 0 ? 1 : 2))
    }
    return nodes
  }
}
