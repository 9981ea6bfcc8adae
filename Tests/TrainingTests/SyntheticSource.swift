import Foundation
import Graphs
import Ops
import Settings
import Tensors

@testable import Datasets
@testable import Training

/// Small images of three classes, each a noisy pattern; a batch is a function of (seed, epoch, step).
final class SyntheticSource: BatchSource {
  let stepsPerEpoch: Int
  let count: Int
  private let batch: Batch
  private let seed: UInt64
  private var epoch = 0
  private var step = 0
  /// The epoch and step at which one pixel is NaN.
  var damage: (epoch: Int, step: Int)?
  /// The error that reading a batch throws.
  var failure: DatasetError?
  /// True if every image has a random label, so that nothing can be learned.
  var isScrambled = false

  static let side = 6

  var stream: SettingsNode {
    SettingsNode(mapping: ["synthetic": Int(seed).node, "scrambled": isScrambled.node])
  }

  init(steps: Int, batch size: Int, seed: UInt64 = 0) {
    stepsPerEpoch = steps
    count = steps * size
    batch = Batch(capacity: size, valuesPerImage: Self.side * Self.side)
    batch.count = size
    self.seed = seed
  }

  func startEpoch(_ epoch: Int, fromStep: Int) {
    self.epoch = epoch
    step = fromStep
  }

  func next() throws(DatasetError) -> Batch? {
    if let failure { throw failure }
    guard step < stepsPerEpoch else { return nil }
    var random = SeededRandom(seed: seed, purpose: "synthetic", epoch, step)
    let pixels = Self.side * Self.side
    for image in 0..<batch.count {
      let label = random.below(3)
      for p in 0..<pixels {
        let pattern: Float = (p + label) % 3 == 0 ? 1 : -0.5
        batch.images[image * pixels + p] = pattern + random.normal()
      }
      let shown = isScrambled ? random.below(3) : label
      batch.annotations[image] = .label(shown)
      batch.partners[image] = .label(shown)
      batch.indices[image] = step * batch.count + image
    }
    if let damage, damage == (epoch, step) { batch.images[3] = .nan }
    batch.step = step
    step += 1
    return batch
  }
}

/// Networks for `SyntheticSource`.
enum TinyNetwork {
  /// A network of convolution, batch norm, dropout and classifier.
  static func normalized(seed: UInt64 = 1) throws -> Graph {
    var graph = Graph(inputs: [
      GraphInput(name: "image", shape: [1, SyntheticSource.side, SyntheticSource.side])
    ])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "conv", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm", inputs: ["conv"])
    try graph.append(ReLU(), name: "relu", inputs: ["norm"])
    try graph.append(Flatten(), name: "flatten", inputs: ["relu"])
    try graph.append(Dropout(rate: 0.25), name: "drop", inputs: ["flatten"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["drop"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: seed)
    return graph
  }

  /// A perceptron without layers that depend on the whole batch.
  static func plain(seed: UInt64 = 1) throws -> Graph {
    var graph = Graph(inputs: [
      GraphInput(name: "image", shape: [1, SyntheticSource.side, SyntheticSource.side])
    ])
    try graph.append(Flatten(), name: "flatten", inputs: ["image"])
    try graph.append(Linear(features: 8), name: "hidden", inputs: ["flatten"])
    try graph.append(Tanh(), name: "tanh", inputs: ["hidden"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["tanh"])
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: seed)
    return graph
  }
}

/// A temporary folder that is removed with its last reference.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path() + "/condense-training-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
