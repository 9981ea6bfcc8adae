import Graphs
import Settings
import Tensors
import TestSupport
import Training

@testable import Datasets

/// A source of random images with random labels, in batches of one size except a smaller last one in each
/// epoch.
final class PatternSource: BatchSource {
  let count: Int
  let size: Int
  private let batch: Batch
  private let shape: Shape
  private let classes: Int
  private var step = 0
  /// The number of requested batches.
  private(set) var served = 0

  var stream: SettingsNode { SettingsNode(mapping: ["images": count.node, "batch": size.node]) }
  var stepsPerEpoch: Int { (count + size - 1) / size }

  init(_ graph: Graph, images: Int, batch size: Int) {
    count = images
    self.size = size
    shape = graph.inputs[0].shape
    classes = graph.shape(of: graph.outputs[0])?[1] ?? 1
    batch = Batch(capacity: size, valuesPerImage: shape.count)
  }

  func startEpoch(_ epoch: Int, fromStep: Int) { step = fromStep }

  func next() throws(DatasetError) -> Batch? {
    guard step < stepsPerEpoch else { return nil }
    batch.images = Tensor(random: Shape([size] + shape.dimensions), seed: UInt64(step), "images").values
    var random = SeededRandom(seed: 1, purpose: "labels", step)
    for image in 0..<size {
      batch.annotations[image] = .label(random.below(classes))
      batch.partners[image] = batch.annotations[image]
    }
    batch.count = min(size, count - step * size)
    batch.step = step
    step += 1
    served += 1
    return batch
  }
}
