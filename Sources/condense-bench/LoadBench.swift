import ArgumentParser
import Datasets
import Foundation
import Images
import Settings

/// Times the path from files to batches.
struct LoadBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract:
      "Images a second from an archive or folder to decoded memory, and milliseconds to prepare a batch.")

  @Argument(help: "A folder or an archive, read in place, without the cache.")
  var data: String

  @Option(help: "Threads that decode.")
  var threads = 2

  @Option(help: "How often the whole set is read.")
  var rounds = 5

  @Option(help: "Bring images to this side while they are decoded; as they are when left out.")
  var side: Int?

  @Option(help: "Images a batch.")
  var batch = 128

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    options.threads = threads
    options.validationFraction = 0
    if let side { options.imageSize = ImageSize(width: side, height: side) }
    let clock = ContinuousClock()
    var rates: [Double] = []
    var images = 0
    var preparing = 0.0
    for round in 0..<max(1, rounds) {
      let began = clock.now
      let dataset = try Dataset.open(data, options: options)
      let seconds = (clock.now - began) / .seconds(1)
      images = dataset.records.count
      rates.append(Double(images) / seconds)
      if round == 0 { preparing = try batchMilliseconds(dataset) }
    }
    report(images: images, rates: rates, batchMilliseconds: preparing)
  }

  /// The median time to prepare a batch, in milliseconds, with pad-and-crop and flip on the calling thread.
  private func batchMilliseconds(_ dataset: Dataset) throws -> Double {
    let side = side ?? 32
    let channels = 3
    let loader = try Loader(
      dataset,
      LoaderOptions(
        split: .train, batch: min(batch, dataset.count(of: .train)), shuffle: true,
        augmentations: [PadAndCrop(), Flip()],
        input: InputShape(channels: channels, height: side, width: side),
        normalization: .none(channels: channels),
        dropLast: true, threads: 0))
    loader.startEpoch(0)
    let clock = ContinuousClock()
    var times: [Double] = []
    while true {
      let began = clock.now
      guard try loader.next() != nil else { break }
      times.append((clock.now - began) / .milliseconds(1))
    }
    return Timings(times).median
  }

  private func report(images: Int, rates: [Double], batchMilliseconds: Double) {
    let median = rates.sorted()[rates.count / 2]
    guard json else {
      print(
        "\(images) images, \(Int(median)) images/s, \(batchMilliseconds) ms to prepare a batch of \(batch)")
      return
    }
    let node = SettingsNode(mapping: [
      "schema": 1.node, "data": URL(filePath: data).lastPathComponent.node, "images": images.node,
      "threads": threads.node, "side": side.node, "imagesPerSecond": median.node,
      "rounds": rates.node, "batch": batch.node, "batchMilliseconds": batchMilliseconds.node,
    ])
    print(node.compactJSON)
  }
}
