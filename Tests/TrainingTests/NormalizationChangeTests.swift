import Execution
import Graphs
import Ops
import Tasks
import Tensors
import TestSupport
import Testing

@testable import Datasets
@testable import Training

@Suite("A teacher's own normalization")
struct NormalizationChangeTests {
  private static let student = Normalization(mean: [96.25, 104.5, 88.125], deviation: [61.5, 58.25, 0])
  private static let teacher = Normalization(
    mean: [123.675, 116.28, 103.53], deviation: [58.395, 57.12, 57.375])

  private func images(_ normalization: Normalization) -> [Float] {
    let table = normalization.table(channels: 3)
    var images: [Float] = []
    for plane in 0..<2 * 3 {
      for pixel in 0..<256 { images.append(table[plane % 3 * 256 + (pixel * 7 + plane) % 256]) }
    }
    return images
  }

  @Test("Every pixel value becomes, to the bit, what a loader makes of it for the other network")
  func pixels() throws {
    let change = try #require(NormalizationChange(from: Self.student, to: Self.teacher))
    let source = images(Self.student)
    var changed = [Float](repeating: .nan, count: source.count)
    var span = changed.mutableSpan
    change.apply(to: source.span, imageSize: 3 * 256, into: &span)
    #expect(changed == images(Self.teacher))
    #expect(NormalizationChange(from: Self.student, to: Self.student) == nil)
  }

  @Test("Blended images are the blend of what both would be")
  func blended() throws {
    let change = try #require(NormalizationChange(from: Self.student, to: Self.teacher))
    func blend(_ values: [Float]) -> [Float] {
      let half = values.count / 2
      return (0..<half).map { 0.3 * values[$0] + 0.7 * values[half + $0] }
    }
    let source = blend(images(Self.student))
    var changed = [Float](repeating: .nan, count: source.count)
    var span = changed.mutableSpan
    change.apply(to: source.span, imageSize: 3 * 256, into: &span)
    for (a, b) in zip(changed, blend(images(Self.teacher))) { #expect(abs(a - b) < 1e-4) }
  }

  @Test("A teacher beside a student of other pixels says what it says of its own")
  func logits() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 16, 16])])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "conv", inputs: ["image"])
    try graph.append(GlobalAveragePool(), name: "pool", inputs: ["conv"])
    try graph.append(Flatten(), name: "logits", inputs: ["pool"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: 2)
    func logits(_ images: [Float], _ change: NormalizationChange?) throws -> [Float] {
      let network = try TeacherNetwork(
        graph, backend: ReferenceBackend(), batch: 2, precision: .f32, threads: 1,
        scores: Classification().scoreHead(of: graph), change: change)
      try network.prepare(Batch(images: images, annotations: [.label(0), .label(1)]), epoch: 0, step: 0)
      let logits = network.buffer(of: .logits)
      return (0..<8).map { logits.floats[$0] }
    }
    let change = NormalizationChange(from: Self.student, to: Self.teacher)
    let own = try logits(images(Self.teacher), nil)
    #expect(try logits(images(Self.student), change) == own)
    #expect(try logits(images(Self.student), nil) != own)
  }
}
