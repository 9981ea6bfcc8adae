import DNNL
import Datasets
import Export
import Foundation
import Graphs
import Images
import Tasks
import Tensors
import Training

/// The images of a data set on which an export is verified, prepared for a model.
struct VerificationMaterial {
  /// The largest number of pixel values of all images together: 2²⁸, a gibibyte of floats.
  static let maximumElements = 1 << 28

  let data: String
  let imported: ImportedModel
  private var model: Model { imported.model }

  init(data: String, imported: ImportedModel) {
    self.data = data
    self.imported = imported
  }

  /// Reads the first images of the test split, or of all images if there is none.
  func images(atMost count: Int) throws -> VerificationImages {
    let dataset = try opened()
    let shape = model.input.shape
    let limit = max(1, min(count, Self.maximumElements / shape.count))
    let loader = try failing { () throws(DatasetError) in try testLoader(dataset) }
    var values: [Float] = []
    var truth: [Annotation] = []
    let classes = imported.namingClasses(dataset.classes).classes
    let places = dataset.classes.map { classes.firstIndex(of: $0) }
    loader.startEpoch(0, fromStep: 0)
    while truth.count < limit, let batch = try failing({ () throws(DatasetError) in try loader.next() }) {
      let images = batch.images
      for place in 0..<min(batch.count, limit - truth.count) {
        for index in place * shape.count..<(place + 1) * shape.count { values.append(images[index]) }
        truth.append(try known(batch.annotations[place], places, dataset.classes))
      }
    }
    return VerificationImages(
      images: Tensor(values, shape: Shape([truth.count] + shape.dimensions)), truth: truth,
      task: try failing(.badInput) { try TaskCatalogue.task(of: dataset) }, backend: DNNLBackend(),
      threads: max(1, ProcessInfo.processInfo.activeProcessorCount))
  }

  private func opened() throws -> Dataset {
    var options = DatasetOptions.forCommands
    options.imageSize = ImageSize(width: model.input.shape[2], height: model.input.shape[1])
    return try failing { () throws(DatasetError) in try Dataset.open(data, options: options) }
  }

  /// A loader of the test images in order; the incomplete last batch is not read.
  private func testLoader(_ dataset: Dataset) throws(DatasetError) -> Loader {
    let shape = model.input.shape
    return try Loader(
      dataset,
      LoaderOptions(
        split: dataset.count(of: .test) > 0 ? .test : nil, batch: 100,
        input: InputShape(channels: shape[0], height: shape[1], width: shape[2]),
        normalization: Normalization(mean: model.input.mean, deviation: model.input.deviation)))
  }

  /// An annotation in the model's classes; throws if a class of the data is unknown to the model.
  private func known(
    _ annotation: Annotation, _ places: [Int?], _ names: [String]
  ) throws -> Annotation {
    for label in annotation.classes where places[label] == nil {
      throw CommandFailure(.badInput, "\(data): the model knows no class \(names[label])")
    }
    return annotation.renumbered(places.map { $0 ?? 0 })
  }
}
