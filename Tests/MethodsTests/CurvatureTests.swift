import DNNL
import Execution
import Graphs
import Methods
import Tasks
import Tensors
import TestSupport
import Testing

@Suite("Curvature and initial weights as evidence")
struct CurvatureTests {
  private static let backends: [any Backend] = [ReferenceBackend(), DNNLBackend()]

  private func evidence(_ network: SmoothNetwork, backend: Int) -> PlanEvidence {
    PlanEvidence(
      network.graph, task: Classification(), backend: Self.backends[backend],
      source: PatternSource(network.graph, images: network.images.count, batch: 4), batch: 4)
  }

  private func expectNear(_ found: [Double], _ truth: [Double], _ tolerance: Double) {
    #expect(found.count == truth.count)
    let scale = truth.map(abs).max() ?? 0
    #expect(scale > 0)
    for (found, truth) in zip(found, truth) { #expect(abs(found - truth) <= tolerance * scale) }
  }

  @Test("The Fisher information is the mean of squared gradients, image by image", arguments: 0..<2)
  func fisher(backend: Int) throws {
    let network = try SmoothNetwork(seed: 11, images: 6, batch: 4)
    let gradients = network.images.map(network.gradient)
    let truth = (0..<network.count).map { weight in
      gradients.reduce(0) { $0 + $1[weight] * $1[weight] } / Double(gradients.count)
    }
    let found = try evidence(network, backend: backend).fisherInformation(images: 100)
    #expect(found.keys.sorted() == SmoothNetwork.names.sorted())
    expectNear(network.numbers(found), truth, 1e-4)
    // Six images exist, fewer than the eight requested; one requested image brings in its whole batch.
    let first = network.batches[0].map(network.gradient)
    let ofFirst = (0..<network.count).map { weight in
      first.reduce(0) { $0 + $1[weight] * $1[weight] } / 4
    }
    expectNear(
      network.numbers(try evidence(network, backend: backend).fisherInformation(images: 1)), ofFirst, 1e-4)
  }

  @Test(
    "A product of the Hessian is that of the exact one of 53 weights", arguments: 0..<2, [3, 4] as [UInt64])
  func hessian(backend: Int, seed: UInt64) throws {
    let network = try SmoothNetwork(seed: seed, images: 6, batch: 4)
    #expect(network.count == 53)
    let hessian = network.hessian
    let evidence = evidence(network, backend: backend)
    let dense = Tensor(random: [53], seed: seed, "direction").values.map(Double.init)
    // The whole network, one parameter, one weight, and a length that must not matter.
    let scale = (0..<53).map { $0 >= 25 && $0 < 30 ? 1.0 : 0 }
    let single = (0..<53).map { $0 == 7 ? -2.0 : 0 }
    for direction in [dense, scale, single, dense.map { $0 * 1000 }] {
      let truth = hessian.map { row in zip(row, direction).reduce(0) { $0 + $1.0 * $1.1 } }
      let found = try evidence.hessianProduct(network.tensors(direction), images: 100)
      expectNear(network.numbers(found), truth, 2e-3)
    }
    let part = try evidence.hessianProduct(
      network.tensors(scale).filter { $0.key == "norm.scale" }, images: 100)
    expectNear(
      network.numbers(part), hessian.map { row in row[25..<30].reduce(0, +) }, 2e-3)
    let zero = try evidence.hessianProduct(network.tensors(single.map { _ in 0 }), images: 100)
    #expect(network.numbers(zero) == single.map { _ in 0 })
  }

  @Test("What cannot be moved and what is not known is said")
  func refusals() throws {
    let network = try SmoothNetwork(seed: 2, images: 4, batch: 4)
    let evidence = evidence(network, backend: 0)
    #expect(
      errorMessage { _ = try evidence.hessianProduct(["norm.mean": Tensor(zeros: [5])], images: 4) }
        .contains("norm.mean: is no trainable parameter"))
    #expect(
      errorMessage { _ = try evidence.hessianProduct(["norm.scale": Tensor(zeros: [4])], images: 4) }
        .contains("must have the shape 5, found 4"))
    #expect(errorMessage { _ = try evidence.initialWeights() }.contains("not known of this network"))
    for message in [
      errorMessage { _ = try NoEvidence().fisherInformation(images: 1) },
      errorMessage { _ = try NoEvidence().hessianProduct([:], images: 1) },
    ] {
      #expect(message.contains("no images were given"))
    }
    #expect(errorMessage { _ = try NoEvidence().initialWeights() }.contains("are not known"))
  }

  @Test("Initial weights are those that were given")
  func initial() throws {
    let network = try SmoothNetwork(seed: 2, images: 4, batch: 4)
    let start = ["hidden.bias": Tensor(random: [5], seed: 9)]
    let evidence = PlanEvidence(
      network.graph, task: Classification(), backend: ReferenceBackend(),
      source: PatternSource(network.graph, images: 4, batch: 4), batch: 4, initial: { start })
    #expect(try evidence.initialWeights() == start)
  }
}
