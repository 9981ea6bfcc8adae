package import Datasets
import Graphs
import Images
package import Tasks
package import Tensors
package import Training

/// The images of a trial, and their preparation for its network.
package struct TrialData {
  /// The data set with its splits.
  package let dataset: Dataset
  /// The task that the network is trained for.
  package let task: any ImageTask
  let input: InputShape
  private(set) var normalization: Normalization
  /// The normalization of the teacher's pixels; `nil` without a teacher.
  var teacherNormalization: Normalization?
  let seed: UInt64

  /// Opens the data for a network input of `[channels, height, width]`.
  ///
  /// `normalization` is the teacher's if the student starts from it; `nil` takes that of the training images.
  /// Throws `TrialError.changedData` if the data no longer has the specification's digest.
  package init(
    _ spec: TrialSpec, input shape: Shape, normalization: Normalization?, _ environment: TrialEnvironment
  ) throws {
    var options = environment.datasetOptions
    options.seed = spec.seed
    options.validationFraction = spec.validationFraction
    options.valFolder = spec.valFolder
    options.imageSize = ImageSize(width: shape[2], height: shape[1])
    dataset = try Dataset.open(spec.data, options: options)
    guard dataset.digest == spec.dataDigest else {
      throw TrialError.changedData(path: spec.data, expected: spec.dataDigest, found: dataset.digest)
    }
    task = try TaskCatalogue.task(of: dataset)
    let input = InputShape(channels: shape[0], height: shape[1], width: shape[2])
    self.input = input
    seed = spec.seed
    if let normalization {
      self.normalization = normalization
    } else {
      var statistics = try dataset.statistics(.train, input: input)
      statistics.deviation = statistics.deviation.map { $0.isFinite && $0 > 0 ? $0 : 1 }
      self.normalization = statistics
    }
  }

  /// The description of the network's input for the student's file.
  var inputDescription: InputDescription {
    InputDescription(
      shape: [input.channels, input.height, input.width], mean: normalization.mean,
      deviation: normalization.deviation)
  }

  /// The change from the student's to the teacher's normalization; `nil` where both are equal.
  var teacherChange: NormalizationChange? {
    teacherNormalization.flatMap { NormalizationChange(from: normalization, to: $0) }
  }

  /// The same images with the teacher's normalization.
  func asSeenByTeacher() -> TrialData {
    guard let teacherNormalization else { return self }
    var data = self
    data.normalization = teacherNormalization
    return data
  }

  /// The settings with the default augmentations for this data, where they name none.
  package func resolved(_ settings: TrainingSettings) -> TrainingSettings {
    var settings = settings
    settings.augmentations =
      settings.augmentations
      ?? DefaultAugmentations.list(of: dataset)
    return settings
  }

  /// Loads full training batches, shuffled and augmented; a function of the trial's seed and `settings`
  /// alone.
  package func training(_ settings: TrainingSettings) throws -> Loader {
    try loader(
      LoaderOptions(
        split: .train, batch: settings.batch, seed: seed, shuffle: true,
        augmentations: settings.augmentations ?? [], input: input, normalization: normalization,
        dropLast: true))
  }

  /// Loads training images for evidence, shuffled and without augmentation.
  func evidence(batch: Int) throws -> Loader {
    let batch = min(batch, dataset.count(of: .train))
    return try loader(
      LoaderOptions(
        split: .train, batch: batch, seed: seed, shuffle: true, input: input, normalization: normalization,
        dropLast: true))
  }

  /// Loads validation batches; `nil` without validation images.
  func validation(batch: Int) throws -> Loader? {
    guard dataset.count(of: .validation) > 0 else { return nil }
    return try loader(
      LoaderOptions(split: .validation, batch: batch, input: input, normalization: normalization))
  }

  /// Loads test batches in the data set's order.
  func test(batch: Int) throws -> Loader {
    try loader(LoaderOptions(split: .test, batch: batch, input: input, normalization: normalization))
  }

  private func loader(_ options: LoaderOptions) throws -> Loader {
    try Loader(dataset, options)
  }
}
