import Datasets
import Export
import Foundation
import Graphs
import Images
import Tensors
import Training

/// The images of a comparison, as each of two models takes them, with their classes if known.
struct DiffMaterial {
  /// The images for each model under its own normalization, `[N, C, H, W]`.
  let images: [Tensor]
  /// The class of each image in the models' numbers; `nil` if the data or the models do not provide it.
  let truth: [Int]?

  /// Reads the first images of a data set's test split, or those of a folder of image files.
  init(data: String, _ subjects: [DiffSubject], atMost count: Int) throws {
    let files = Self.files(of: data)
    guard files.isEmpty else {
      let taken = files.prefix(count)
      images = try subjects.map { subject in
        let model = subject.imported.model
        let values = try taken.flatMap { try PredictCommand.input(of: $0, for: model) }
        return Tensor(values, shape: Shape([taken.count] + model.input.shape.dimensions))
      }
      truth = nil
      return
    }
    let first = subjects[0].imported
    let dataset = try Self.opened(data, first.model)
    let limit = max(1, min(count, VerificationMaterial.maximumElements / first.model.input.shape.count))
    let (tensor, labels) = try Self.batch(dataset, first.model, limit)
    let other = subjects[1].imported.model
    let isAlike = first.model.input == other.input
    images = [tensor, isAlike ? tensor : try Self.batch(dataset, other, limit).images]
    let names = first.namingClasses(dataset.classes).classes
    let places = dataset.classes.map { names.firstIndex(of: $0) }
    let known = labels.compactMap { $0.flatMap { places[$0] } }
    truth = known.count == labels.count && !known.isEmpty ? known : nil
  }

  /// The image files of a folder that has no class folders.
  private static func files(of folder: String) -> [String] {
    let endings = [".png", ".jpg", ".jpeg"]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { name in endings.contains { name.lowercased().hasSuffix($0) } }.sorted()
      .map { folder + "/" + $0 }
  }

  private static func opened(_ data: String, _ model: Model) throws -> Dataset {
    var options = DatasetOptions.forCommands
    options.imageSize = ImageSize(width: model.input.shape[2], height: model.input.shape[1])
    return try failing { () throws(DatasetError) in try Dataset.open(data, options: options) }
  }

  /// Images of the test split, or of all images if there is none, with their classes in the data's numbers.
  ///
  /// Images of folders come class by class, so few of them are taken from all over the split.
  private static func batch(
    _ dataset: Dataset, _ model: Model, _ limit: Int
  ) throws -> (images: Tensor, labels: [Int?]) {
    let shape = model.input.shape
    let split: Split? = dataset.count(of: .test) > 0 ? .test : nil
    let total = split.map { dataset.count(of: $0) } ?? dataset.records.count
    let reading = SpreadReading(total: total, limit: limit)
    let loader = try failing { () throws(DatasetError) in
      try Loader(
        dataset,
        LoaderOptions(
          split: split, batch: reading.batch,
          input: InputShape(channels: shape[0], height: shape[1], width: shape[2]),
          normalization: Normalization(mean: model.input.mean, deviation: model.input.deviation)))
    }
    var values: [Float] = []
    var labels: [Int?] = []
    for step in reading.steps {
      loader.startEpoch(0, fromStep: step)
      guard let batch = try failing({ () throws(DatasetError) in try loader.next() }) else { break }
      let images = batch.images
      for place in 0..<min(batch.count, limit - labels.count) {
        for index in place * shape.count..<(place + 1) * shape.count { values.append(images[index]) }
        labels.append(batch.annotations[place].label)
      }
    }
    return (Tensor(values, shape: Shape([labels.count] + shape.dimensions)), labels)
  }
}

/// The batches by which a few images of a split are read from all over it.
struct SpreadReading: Equatable {
  /// Images of a batch.
  let batch: Int
  /// The numbers of the batches that are read, in order.
  let steps: [Int]

  /// Reads all batches where `limit` allows all `total` images, else about twenty at equal distances.
  init(total: Int, limit: Int) {
    guard total > limit else {
      batch = max(1, min(limit, 100))
      steps = Array(0..<(total + batch - 1) / batch)
      return
    }
    let count = min(20, limit)
    batch = (limit + count - 1) / count
    // Only complete batches, so that every one brings its images.
    let complete = total / batch
    let read = min((limit + batch - 1) / batch, complete)
    steps = (0..<read).map { $0 * complete / read }
  }
}
