import Datasets
import Graphs
import Networks
import Settings
import Tasks
import Tensors
import Training

/// A network prepared for a data set: channels and classes follow the data, images follow the network's
/// input.
struct TrainingMaterial {
  let data: Dataset
  /// The task that the network learns on the data.
  let task: any ImageTask
  let graph: Graph
  let input: InputShape
  let normalization: Normalization
  /// The training settings, with the batch and the augmentations that this data set allows.
  let settings: TrainingSettings
  private let seed: UInt64

  init(
    _ spec: NetworkSpec, _ data: Dataset, settings: TrainingSettings, seed: UInt64, width: Double = 1
  ) throws {
    self.data = data
    task = try failing(.badInput) { try TaskCatalogue.task(of: data) }
    self.seed = seed
    var settings = settings
    let input = InputShape(channels: data.channels, height: spec.input[1], width: spec.input[2])
    self.input = input
    settings.augmentations =
      settings.augmentations
      ?? DefaultAugmentations.list(of: data)
    self.settings = settings
    let options = NetworkOptions(
      channels: data.channels, classes: data.classes.count, width: width, boxes: data.boxExtents)
    var graph = try failing(.badInput) { try spec.build(options: options) }
    graph.initializeParameters(seed: seed)
    self.graph = graph
    var statistics = try failing { () throws(DatasetError) in try data.statistics(.train, input: input) }
    statistics.deviation = statistics.deviation.map { $0.isFinite && $0 > 0 ? $0 : 1 }
    normalization = statistics
  }

  /// The conversion of pixels to the network's input, for the model file.
  var inputDescription: InputDescription {
    InputDescription(
      shape: [input.channels, input.height, input.width], mean: normalization.mean,
      deviation: normalization.deviation)
  }

  /// A loader of the training batches: shuffled, augmented, and full only.
  ///
  /// With `part` it reads the images of these places of each batch alone.
  func trainingLoader(threads: Int, part: Range<Int>? = nil) throws -> Loader {
    try failing { () throws(DatasetError) in
      try Loader(
        data,
        LoaderOptions(
          split: .train, batch: settings.batch, seed: seed, shuffle: true,
          augmentations: settings.augmentations ?? [], input: input, normalization: normalization,
          dropLast: true, part: part, threads: threads))
    }
  }

  /// A loader of the validation batches; `nil` if there are no validation images.
  ///
  /// With `turn` it reads the images of every so many-th batch alone.
  func validationLoader(turn: (number: Int, count: Int)? = nil) throws -> Loader? {
    guard data.count(of: .validation) > 0 else { return nil }
    return try failing { () throws(DatasetError) in
      try Loader(
        data,
        LoaderOptions(
          split: .validation, batch: settings.validationBatch, input: input, normalization: normalization,
          turn: turn))
    }
  }
}
