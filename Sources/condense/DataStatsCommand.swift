import ArgumentParser
import Datasets
import Foundation
import Images
import Settings

/// The command `condense data stats`: counts, sizes, channel means and a contact sheet.
struct DataStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Print a data set's counts, sizes and channel means.",
    discussion: "Files that cannot be read are left out and counted; `condense data check` lists them.")

  @Argument(help: "A manifest's name, or the path of a manifest, a folder or an archive.")
  var data: String

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Also draw a contact sheet, one row a class, into this PNG file.")
  var sheet: String?

  @Option(help: "The seed of derived splits.")
  var seed: UInt64 = 0

  @Option(help: "The share of images that become validation where the data has none.")
  var validation = 0.1

  func validate() throws {
    guard (0..<0.9).contains(validation) else {
      throw ValidationError("--validation must be in 0..<0.9, found \(validation)")
    }
  }

  func run() throws {
    var options = DatasetOptions.forCommands
    options.seed = seed
    options.validationFraction = validation
    options.skipBad = true
    let (dataset, summary) = try failing { [options] () throws(DatasetError) in
      let dataset = try Dataset.open(data, options: options)
      return (dataset, try DatasetSummary(dataset))
    }
    for message in dataset.messages { Console.note(message) }
    if json { Console.print(report(dataset, summary).prettyJSON) } else { printTable(dataset, summary) }
    if let sheet { try draw(dataset, to: sheet) }
  }

  private func draw(_ dataset: Dataset, to path: String) throws {
    let image = try failing { () throws(DatasetError) in try ContactSheet().image(of: dataset) }
    try failing(.badInput) {
      try Data(try ImageEncoder.png(image)).write(to: URL(filePath: path), options: .atomic)
    }
    Console.note("\(path): contact sheet of \(dataset.classes.count) classes, one row each")
  }

  private func printTable(_ dataset: Dataset, _ summary: DatasetSummary) {
    let width = max(5, dataset.classes.map(\.count).max() ?? 0)
    func row(_ name: String, _ values: [String]) {
      let cells = values.map { String(repeating: " ", count: max(1, 9 - $0.count)) + $0 }
      Console.print(name + String(repeating: " ", count: max(0, width - name.count)) + cells.joined())
    }
    row("class", Split.allCases.map(\.rawValue) + ["all"])
    for (name, counts) in zip(dataset.classes, summary.counts) {
      row(name, Split.allCases.map { "\(counts[$0] ?? 0)" } + ["\(counts.values.reduce(0, +))"])
    }
    row("all", Split.allCases.map { "\(dataset.count(of: $0))" } + ["\(dataset.records.count)"])
    for size in summary.sizes.prefix(10) { Console.print("size \(size.shape): \(size.count)") }
    if summary.sizes.count > 10 { Console.print("and \(summary.sizes.count - 10) other sizes") }
    func list(_ values: [Float]) -> String {
      values.map { "\(($0 * 100).rounded() / 100)" }.joined(separator: ", ")
    }
    Console.print(
      "mean \(list(summary.normalization.mean)), deviation \(list(summary.normalization.deviation))")
    Console.print("digest \(dataset.digest)")
    if !dataset.problems.isEmpty { Console.print("\(dataset.problems.count.counted("file")) cannot be read") }
  }

  private func report(_ dataset: Dataset, _ summary: DatasetSummary) -> SettingsNode {
    let classes = zip(dataset.classes, summary.counts).map { name, counts in
      SettingsNode(mapping: [
        "name": name.node, "train": (counts[.train] ?? 0).node, "val": (counts[.validation] ?? 0).node,
        "test": (counts[.test] ?? 0).node,
      ])
    }
    let sizes = summary.sizes.map {
      SettingsNode(mapping: [
        "width": $0.shape.width.node, "height": $0.shape.height.node, "channels": $0.shape.channels.node,
        "count": $0.count.node,
      ])
    }
    let split = dataset.splitDescription
    return SettingsNode(mapping: [
      "schema": 1.node, "images": dataset.records.count.node, "classes": SettingsNode(.list(classes)),
      "sizes": SettingsNode(.list(sizes)), "mean": summary.normalization.mean.node,
      "deviation": summary.normalization.deviation.node, "digest": dataset.digest.node,
      "split": SettingsNode(mapping: [
        "given": split.isGiven.node, "validation": split.validationFraction.node,
        "test": split.testFraction.node,
        "seed": Int(truncatingIfNeeded: split.seed).node,
      ]),
      "unreadable": dataset.problems.count.node,
    ])
  }
}
