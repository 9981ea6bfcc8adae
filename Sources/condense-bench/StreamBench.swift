import ArgumentParser
import Datasets
import Foundation
import Images
import Settings

/// Times the index of a large data set, and the path from its files to batches when no pixels are held.
struct StreamBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stream",
    abstract: "Seconds to open a data set without holding pixels, and images a second that stream from it.")

  @Argument(help: "A folder of shards, or another data set; the cache is not used.")
  var data: String

  @Option(help: "Threads that index and that prepare batches.")
  var threads = 2

  @Option(help: "The side to which images are brought.")
  var side = 224

  @Option(help: "Images a batch.")
  var batch = 64

  @Option(help: "How often all images are streamed, in a shuffled order; 0 for the index alone.")
  var rounds = 3

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    var options = DatasetOptions()
    options.cacheDirectory = nil
    options.threads = threads
    options.validationFraction = 0
    options.memoryLimit = 0
    options.imageSize = ImageSize(width: side, height: side)
    let clock = ContinuousClock()
    let began = clock.now
    let dataset = try Dataset.open(data, options: options)
    let seconds = (clock.now - began) / .seconds(1)
    let peak = Self.peakMegabytes
    let loader = try Loader(
      dataset,
      LoaderOptions(
        split: nil, batch: batch, shuffle: true,
        input: InputShape(channels: 3, height: side, width: side), normalization: .none(channels: 3),
        threads: threads))
    var rates: [Double] = []
    for round in 0..<rounds {
      let began = clock.now
      loader.startEpoch(round)
      while try loader.next() != nil {}
      rates.append(Double(dataset.records.count) / ((clock.now - began) / .seconds(1)))
    }
    let node = SettingsNode(mapping: [
      "schema": 1.node, "data": URL(filePath: data).lastPathComponent.node,
      "images": dataset.records.count.node, "classes": dataset.classes.count.node, "threads": threads.node,
      "indexSeconds": seconds.node, "indexPeakMB": peak.node, "side": side.node, "batch": batch.node,
      "imagesPerSecond": rates.node, "peakMB": Self.peakMegabytes.node,
    ])
    if json {
      print(node.compactJSON)
    } else {
      print(
        "\(dataset.records.count) images: indexed in \(seconds) s with at most \(peak.map { "\($0)" } ?? "?") MB; "
          + "\(rates.map { "\(Int($0))" }.joined(separator: ", ")) images/s at \(side)x\(side)")
    }
  }

  /// The most memory that this process has taken so far, in MB of 10⁶ bytes; `nil` where it is not known.
  private static var peakMegabytes: Int? {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 / 1_000_000 }
  }
}
