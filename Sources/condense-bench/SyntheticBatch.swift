import Datasets
import Graphs
import Settings
import Tensors
import Training

/// A batch in memory: normally distributed pixels and random labels, equal for equal seeds.
struct SyntheticBatch {
  let images: [Float]
  let labels: [Int]

  init(_ shape: Shape, batch: Int, classes: Int) {
    var pixels = SeededRandom(seed: 0, purpose: "bench pixels")
    images = (0..<batch * shape.count).map { _ in pixels.normal() }
    var random = SeededRandom(seed: 0, purpose: "bench labels")
    labels = (0..<batch).map { _ in random.below(classes) }
  }

  /// The target distribution of each image, 1 for its class, `[N, C]`.
  func targets(classes: Int) -> [Float] {
    labels.flatMap { label in (0..<classes).map { $0 == label ? 1 : 0 } }
  }
}

/// A source that repeats one batch in memory.
final class RepeatedBatch: BatchSource {
  let stepsPerEpoch: Int
  let count: Int
  private let batch: Batch
  private var step = 0

  init(_ graph: Graph, _ options: BenchOptions, steps: Int) {
    let classes = graph.outputs.first.flatMap { graph.shape(of: $0) }?[1] ?? 1
    let synthetic = SyntheticBatch(graph.inputs[0].shape, batch: options.batch, classes: classes)
    batch = Batch(images: synthetic.images, annotations: synthetic.labels.map { .label($0) })
    stepsPerEpoch = steps
    count = steps * options.batch
  }

  var stream: SettingsNode { SettingsNode(mapping: ["repeated": count.node]) }

  func startEpoch(_ epoch: Int, fromStep: Int) { step = fromStep }

  func next() throws(DatasetError) -> Batch? {
    guard step < stepsPerEpoch else { return nil }
    step += 1
    return batch
  }
}
