import ArgumentParser
import Datasets
import Foundation
import Networks
import Settings

/// `condense data anchors`: widths and heights that fit a data set's boxes.
struct DataAnchorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anchors",
    abstract: "Find anchors that fit a data set's boxes: k-means by overlap.",
    discussion: """
      One anchor, two, up to COUNT: how much they overlap the boxes of the images that are not for testing on average, and \
      for COUNT their widths and heights as shares of the image, by area, as a level of a detector takes them ("anchors"). \
      A network finds them by itself where its levels have "kMeans: N".
      """)

  @Argument(help: "A manifest's name, or the path of a manifest, a folder or an archive.")
  var data: String

  @Option(help: "How many anchors.")
  var count = 9

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (1...64).contains(count) else {
      throw ValidationError("--count must be in 1...64, found \(count)")
    }
  }

  func run() throws {
    let dataset = try failing { () throws(DatasetError) in
      try Dataset.open(data, options: .forCommands)
    }
    for message in dataset.messages { Console.note(message) }
    let boxes = dataset.boxExtents
    guard !boxes.isEmpty else {
      throw CommandFailure(.badInput, "\(data): has no boxes; anchors are of data with boxes around things")
    }
    let all = (1...count).compactMap { AnchorClusters(of: boxes, count: $0) }
    guard let last = all.last, all.count == count else {
      throw CommandFailure(
        .badInput, "\(data): has \(all.count) sizes of boxes, fewer than \(count) anchors; lower --count")
    }
    if json {
      let overlaps = all.map(\.meanOverlap)
      Console.print(
        SettingsNode(mapping: [
          "schema": 1.node, "boxes": (boxes.count / 2).node, "anchors": last.extents.map { Double($0) }.node,
          "meanOverlaps": overlaps.node,
        ]).prettyJSON)
      return
    }
    Console.print("anchors  mean overlap with \(boxes.count / 2) boxes")
    for (place, clusters) in all.enumerated() {
      Console.print(String(format: "%7d  %.3f", place + 1, clusters.meanOverlap))
    }
    Console.print("")
    let pairs = last.extents.map { String(format: "%.4f", $0) }
    Console.print("anchors: [\(pairs.joined(separator: ", "))]")
  }
}
