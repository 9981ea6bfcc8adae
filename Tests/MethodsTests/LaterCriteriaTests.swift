import Execution
import Graphs
import Ops
import Settings
import Tasks
import Tensors
import TestSupport
import Testing
import Training

@testable import Methods

/// Optimal brain surgery on a layer with the exact loss `w·H·w/2`, a criterion that changes surviving
/// weights.
///
/// The method is from Hassibi, Stork, "Second order derivatives for network pruning: optimal brain surgeon",
/// 1992.
private struct Surgeon: Saliency {
  static let name = "surgeon"
  static let documentation = MethodDocumentation(summary: "", description: "", formula: "", paper: "")
  static let kinds: Set<UnitKind> = [.element]
  static var settings: [Setting<Surgeon>] { [] }
  /// The inverse of the Hessian, row by row.
  static let inverse: [[Double]] = [[2, 0.5, -0.3], [0.5, 1, 0.4], [-0.3, 0.4, 1.5]]

  func scores(of sets: [UnitSet], _ context: inout SaliencyContext) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    return sets.map { set in
      set.sums(.making) { name in
        weights[name].map { w in { Double(w.values[$0]) * Double(w.values[$0]) / (2 * Self.inverse[$0][$0]) }
        }
      }
    }
  }

  func compensation(
    for losses: [(set: UnitSet, isGone: [Bool])], _ context: inout SaliencyContext
  ) throws -> [String: Tensor] {
    var weights = context.weights(of: losses.map(\.set), .making)
    for (set, isGone) in losses {
      guard let gone = isGone.firstIndex(of: true), let before = weights[set.name]?.values else { continue }
      let factor = Double(before[gone]) / Self.inverse[gone][gone]
      weights[set.name]?.values = before.indices.map {
        Float(Double(before[$0]) - factor * Self.inverse[$0][gone])
      }
    }
    return weights
  }
}

/// The distance of a weight from its value at the beginning of the stage, or from its initial value if that
/// is known.
private struct Distance: Saliency {
  static let name = "distance"
  static let documentation = MethodDocumentation(summary: "", description: "", formula: "", paper: "")
  static var settings: [Setting<Distance>] {
    [Setting("initial", \.fromInitial, "whether from initialization")]
  }
  var fromInitial = false
  var evidence: Set<EvidenceKind> { fromInitial ? [.initialWeights] : [] }

  func scores(of sets: [UnitSet], _ context: inout SaliencyContext) throws -> [[Double]] {
    let weights = context.weights(of: sets, .making)
    var before = context.original.parameters.mapValues(\.projected)
    if fromInitial { before = try context.evidence.initialWeights() }
    return sets.map { set in
      set.sums(.making) { name in
        guard let now = weights[name], let before = before[name] else { return nil }
        return { Double(abs(now.values[$0] - before.values[$0])) }
      }
    }
  }
}

@Suite("Criteria that later ones need: weights of before, and weights that move")
struct LaterCriteriaTests {
  @Test("A criterion knows the weights that the stage began with, and those at initialization")
  func weightsOfBefore() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [2])])
    try graph.append(Linear(features: 2, bias: false), name: "logits", inputs: ["image"])
    graph.outputs = ["logits"]
    graph.parameters["logits.weight"] = Parameter(Tensor([1, 2, 3, 4], shape: [2, 2]))
    var now = graph
    now.parameters["logits.weight"] = Parameter(Tensor([1.5, 2.1, 5, 3], shape: [2, 2]))
    let initial = ["logits.weight": Tensor([1.4, 9, 9, 2.9], shape: [2, 2])]
    let evidence = PlanEvidence(
      graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(graph, images: 0, batch: 4), batch: 4,
      initial: { initial })
    func pruned(fromInitial: Bool) throws -> [Float]? {
      var criterion = Distance()
      criterion.fromInitial = fromInitial
      var method = WeightPruning(sparsity: 0.5, criterion: criterion)
      method.amount.schedule = .cubic
      var compression = Compression(method, graph: now, of: graph, progress: 1, evidence: evidence)
      return try method.compress(&compression).graph.parameters["logits.weight"]?.projected.values
    }
    #expect(try pruned(fromInitial: false) == [0, 0, 5, 3])
    #expect(try pruned(fromInitial: true) == [0, 2.1, 5, 0])
  }

  @Test("What stays has the least loss that is possible without what went")
  func surgery() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3])])
    try graph.append(Linear(features: 1, bias: false), name: "logits", inputs: ["image"])
    graph.outputs = ["logits"]
    graph.parameters["logits.weight"] = Parameter(Tensor([1, 0.8, -2], shape: [1, 3]))
    let pruned = try compressed(graph, by: WeightPruning(sparsity: 0.34, criterion: Surgeon())).graph
    let found = try #require(pruned.parameters["logits.weight"]).projected.values
    // Scores are 1/4, 0.64/2 and 4/3, so the first weight goes. For d = (-1, v) with the change v of the
    // others, the loss d·H·d/2 is minimal at -1/inverse[0][0] times the first column of the inverse: (0.5,
    // -0.3)/2.
    #expect(found[0] == 0)
    #expect(abs(found[1] - (0.8 - 0.25)) < 1e-6 && abs(found[2] - (-2 + 0.15)) < 1e-6)
    // By brute force, no nearby change of the two weights is better.
    let hessian = try inverse(of: Surgeon.inverse)
    func loss(_ d: [Double]) -> Double {
      d.indices.reduce(0) { sum, i in sum + d.indices.reduce(0) { $0 + d[i] * hessian[i][$1] * d[$1] } / 2 }
    }
    let change = zip(found, [1, 0.8, -2] as [Float]).map { Double($0) - Double($1) }
    for step in [
      [0, 0.01, 0], [0, -0.01, 0], [0, 0, 0.01], [0, 0, -0.01], [0, 0.01, 0.01], [0, 0.01, -0.01],
    ] {
      #expect(loss(change) < loss(zip(change, step).map { $0 + $1 }))
    }
    #expect(abs(loss(change) - 0.25) < 1e-6)
  }

  /// The inverse of a 3x3 matrix by cofactors.
  private func inverse(of m: [[Double]]) throws -> [[Double]] {
    func minor(_ i: Int, _ j: Int) -> Double {
      let (a, b) = ((i + 1) % 3, (i + 2) % 3)
      let (c, d) = ((j + 1) % 3, (j + 2) % 3)
      return m[a][c] * m[b][d] - m[a][d] * m[b][c]
    }
    let determinant = (0..<3).reduce(0) { $0 + m[0][$1] * minor(0, $1) }
    return (0..<3).map { i in (0..<3).map { j in minor(j, i) / determinant } }
  }
}
