import ArgumentParser
import CProcess
import DNNL
import Datasets
import Execution
import Foundation
import Graphs
import Methods
import Reports
import Settings
import Tasks
import Training
import Trials

/// The command `condense sensitivity`: measures the loss of quality if one layer alone is pruned.
struct SensitivityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensitivity",
    abstract: "Prune each layer alone, more and more of it, and show what the model loses.",
    discussion: """
      Nothing is trained: each layer by itself is pruned to some shares, and loss and metric are measured on validation \
      images, in 32-bit floats. Layers that lose the same channels are pruned together and count as one. Curves are kept \
      in the cache by what they depend on; a call that was stopped goes on behind its last layer. To let a recipe choose \
      each layer's share by curves on training images, give a pruning method "scope: sensitivity".
      """)

  @Argument(
    help:
      "A model file (safetensors, .condensed, ONNX or TensorFlow Lite); or RUN/ROW, a row of a comparison.")
  var model: String

  @Option(help: "A manifest's name, or the path of a manifest, a folder or an archive.")
  var data: String

  @Option(help: "How it is pruned: \(LayerSensitivity.methods.joined(separator: " or ")).")
  var method = ChannelPruning.name

  @Option(help: "What ranks units of a layer (condense list criteria). (default: the method's own)")
  var criterion: String?

  @Option(help: "The shares of a layer that go, with commas.")
  var sparsities = "0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,0.95"

  @Option(help: "Which images: val, test, train, or all.")
  var split = "val"

  @Option(help: "About so many images of them, drawn at random, rounded up to batches of 128. (default: all)")
  var images: Int?

  @Option(help: "Compute threads. (default: all cores)")
  var threads: Int?

  @OptionGroup var normalization: NormalizationOption

  @Option(help: "A CSV file to write the curves to.")
  var csv: String?

  @Option(help: "An SVG file to draw the curves in.")
  var svg: String?

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be in 1...1024, found \(threads)")
    }
    if let images, images < 1 { throw ValidationError("--images must be above 0, found \(images)") }
    guard split == "all" || Split(rawValue: split) != nil else {
      throw ValidationError("--split must be train, val, test or all, found \"\(split)\"")
    }
    guard LayerSensitivity.methods.contains(method) else {
      let known = LayerSensitivity.methods.joined(separator: " or ")
      throw ValidationError("--method must be \(known), found \"\(method)\"")
    }
    if let criterion, !LayerSensitivity.criteria(of: method).contains(criterion) {
      let known = LayerSensitivity.criteria(of: method).joined(separator: ", ")
      throw ValidationError("--criterion of \(method) must be one of \(known), found \"\(criterion)\"")
    }
    _ = try shares()
  }

  /// The shares in rising order.
  private func shares() throws -> [Double] {
    let shares = sparsities.split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
    guard !shares.isEmpty, shares.allSatisfy({ $0.map { $0 > 0 && $0 < 1 } ?? false }) else {
      throw ValidationError(
        "--sparsities must be numbers between 0 and 1, with commas, found \"\(sparsities)\"")
    }
    return Set(shares.compactMap(\.self)).sorted()
  }

  func run() throws {
    condense_prepare_compute()
    let material = try ScoringMaterial(
      model: model, data: data, normalization.importOptions(), skipBad: false)
    let notes = try notes(material)
    for note in notes { Console.note(note) }
    let study = try failing(.badInput) {
      try LayerSensitivity(of: material.model.graph, method: method, criterion: criterion)
    }
    guard !study.layers.isEmpty else {
      let reasons = study.refusals.prefix(3).map { "\($0.layer): \($0.reason)" }.joined(separator: "; ")
      throw CommandFailure(.badInput, "\(model): \(method) applies to no layer: \(reasons)")
    }
    let measurement = try SensitivityMeasurement(
      study, material, split: Split(rawValue: split), images: images, sparsities: shares(),
      threads: threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount))
    let report = SensitivityReport(
      model: model, data: data, split: split, method: method, criterion: criterion,
      metric: material.task.metric, images: measurement.imageCount, notes: notes,
      refusals: study.refusals, whole: try measurement.whole(), curves: try measurement.curves())
    if let csv { try write(report.csv, to: csv) }
    if let svg { try write(report.picture, to: svg) }
    Console.print(json ? report.node.prettyJSON : report.text(width: Console.width))
  }

  /// The remarks about images that the model may have seen.
  private func notes(_ material: ScoringMaterial) throws -> [String] {
    let chosen = Split(rawValue: split)
    guard chosen.map({ material.data.count(of: $0) > 0 }) ?? true else {
      throw CommandFailure(
        .badInput, "\(data): has no \(split) images; choose others with --split test, train or all")
    }
    if let reason = material.unknownSplit {
      guard material.data.splitDescription.isGiven, chosen == .test else {
        return [
          "\(data): \(reason): the model may have been trained on these images, and its curves would be optimistic"
        ]
      }
      return []
    }
    guard chosen == .train || chosen == nil else { return [] }
    return [
      "\(data): the model was trained on \(chosen == nil ? "some of " : "")these images: curves are optimistic"
    ]
  }

  private func write(_ text: String, to path: String) throws {
    try failing(.internal) {
      try located(path) { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) }
    }
  }
}
