import DNNL
import Encodings
import Execution
import Graphs
import Tensors
import Testing
@testable import TestSupport

/// Every encoding of the catalogue on the weights of a network.
///
/// In inference, values are integers too. In training they are not: if a value rounds to another integer in
/// one of two backends, the difference reaches weights and moments.
private enum EncodingKind: String, CaseIterable {
  case sparse, integer, codebook, sparseCodebook, sparseInteger, spliced, attracted, traced, logVariance
  case powersOfTwo, binary, frozen, product, sparseHashed, learnedSteps, learnedStep, ternary, tangents

  /// The kinds of which the encoding consists.
  var kinds: [String] {
    switch self {
    case .sparse: [Sparse.kind]
    case .integer: [Integer.kind]
    case .codebook: [Codebook.kind]
    case .sparseCodebook: [Sparse.kind, Codebook.kind]
    case .sparseInteger: [Sparse.kind, Integer.kind]
    case .spliced: [Spliced.kind]
    case .attracted: [Attracted.kind, Sparse.kind]
    case .traced: [Traced.kind, Sparse.kind]
    case .logVariance: [LogVariance.kind, Sparse.kind]
    case .powersOfTwo: [PowersOfTwo.kind]
    case .binary: [Binary.kind]
    case .product: [ProductCodebook.kind]
    case .sparseHashed: [Sparse.kind, Hashed.kind]
    case .frozen: [Frozen.kind, Sparse.kind]
    case .ternary: [TrainedTernary.kind]
    case .tangents: [TanhNormalized.kind]
    case .learnedSteps, .learnedStep: [LearnedSteps.kind]
    }
  }

  func encoding(of tensor: Tensor) -> any Encoding {
    let mask = Mask(tensor.values.indices.map { $0 % 3 != 0 })
    let codebook = Codebook(
      assignments: tensor.values.map { UInt16(min(max(4 * $0 + 4, 0), 7)) }, count: 8, hasZero: false)
    let integer = Integer(bits: 8, covering: tensor, perChannel: true)
    let powers = PowersOfTwo(levels: LevelSet(termBits: 4), exponents: [-6])
    return switch self {
    case .sparse: Sparse(mask: mask)
    case .integer: integer
    case .codebook: codebook
    case .sparseCodebook: Sparse(mask: mask, inner: codebook)
    case .sparseInteger: Sparse(mask: mask, inner: integer)
    case .spliced: Spliced(mask: mask)
    case .attracted:
      Attracted(
        to: tensor.values.map { $0 / 2 }, strength: tensor.values.indices.map { Float($0 % 3) / 2 },
        inner: Sparse(mask: mask))
    case .traced:
      Traced(at: tensor.values, slope: tensor.values.map { $0 / 2 }, inner: Sparse(mask: mask))
    case .logVariance: LogVariance(divergence: 1, inner: Sparse(mask: mask))
    case .powersOfTwo: powers
    case .binary: Binary(scales: [0.125])
    case .product:
      ProductCodebook(
        assignments: (0..<tensor.shape[0]).map { UInt32($0 % 3) }, subspaces: 1,
        width: tensor.values.count / tensor.shape[0], count: 3)
    case .sparseHashed:
      Sparse(mask: mask, inner: Hashed(shape: tensor.shape, count: max(1, tensor.values.count / 4), seed: 6))
    case .learnedSteps: LearnedSteps(Integer(bits: 4, covering: tensor, perChannel: true)) ?? integer
    case .learnedStep: LearnedSteps(Sparse(mask: mask, inner: Integer(bits: 2, scales: [0.1]))) ?? integer
    case .ternary: TrainedTernary(threshold: 0.1, of: .mean, unit: 1, inner: Sparse(mask: mask))
    case .tangents: TanhNormalized(bits: 3, scale: 0.5, inner: Sparse(mask: mask))
    case .frozen:
      Frozen(
        mask: Mask(tensor.values.indices.map { $0 % 6 == 1 }),
        values: tensor.values.indices.map { $0 % 6 == 1 ? 0.125 : 0 },
        inner: Sparse(mask: mask, inner: powers))
    }
  }

  func graph(_ build: () throws -> Graph, values: Bool = false) throws -> Graph {
    var graph = try build()
    for node in graph.nodes {
      for (name, slot) in graph.slots(of: node) where slot.role == .weight {
        guard let tensor = graph.parameters[name]?.value else { continue }
        let encoding = encoding(of: tensor)
        graph.parameters[name]?.encoding = encoding
        if let grid = (encoding as? any LearnedGrid)?.gridSlot(tensor.shape) {
          graph[grid.role, of: node.name] = Parameter(Tensor(repeating: 0.125, shape: grid.shape))
        }
      }
      if values { graph.values[node.name] = IntegerValue(bits: 16, covering: -8...8) }
    }
    return graph
  }

  /// Two networks in training, in inference with folded norms, and in training by parts.
  var cases: [AgreementCase] {
    [("residual", SmallGraph.residual.graph), ("wide plain", WideGraph.plain.graph)].flatMap { name, build in
      [
        AgreementCase(description: "\(name), \(self)", build: { try graph(build) }, steps: 2),
        AgreementCase(
          description: "\(name), \(self), inference", build: { try graph(build, values: true) },
          mode: .inference),
        AgreementCase(
          description: "\(name), \(self), micro-batches", build: { try graph(build) }, microBatches: 2,
          partialBatch: 3, steps: 2),
      ]
    }
  }
}

@Suite("oneDNN agrees with the reference on the encodings of the catalogue", .serialized)
struct CatalogueEncodingTests {
  @Test("every encoding of the catalogue is among the cases")
  func complete() {
    let kinds = Set(EncodingKind.allCases.flatMap(\.kinds))
    let catalogue = EncodingCatalogue.training
    #expect(kinds == Set(catalogue.parameters.map { $0.kind }).subtracting([Dense.kind]))
    #expect(catalogue.values.map { $0.kind } == [IntegerValue.kind])
  }

  @Test(
    "outputs, gradients and trained masters are those of the reference",
    arguments: EncodingKind.allCases.flatMap(\.cases))
  func agrees(_ agreement: AgreementCase) throws {
    let found = try agreement.disagreements(of: DNNLBackend(), threads: 2, tolerance: 2e-3)
    #expect(found == [])
  }

  @Test("training goes on bit for bit from a saved state", arguments: EncodingKind.allCases.flatMap(\.cases))
  func continues(_ agreement: AgreementCase) throws {
    let lost = try agreement.lossesByLoading(on: DNNLBackend())
    #expect(lost.isEmpty, "\(lost)")
  }
}
