import ArgumentParser
import CProcess
import DNNL
import Datasets
import Export
import Foundation
import Graphs
import Images
import Settings
import Tensors

/// The command `condense diff`: compares two models or runtimes.
struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract:
      "Compare two models, or one model in two runtimes: outputs, predictions, and the first layer that parts.",
    discussion: """
      A and B are model files, which are run here, or a file in something else that runs it: onnxruntime:FILE, litert:FILE
      (TensorFlow Lite's interpreter), c:MODEL (exported as C and compiled for this machine). Runtimes are asked by a Python that
      has their package: that of CONDENSE_PYTHON, that of `make simulators`, or a python3 of the search path.

      Each gets the same pixels under its own normalization. Layers are compared on the image whose outputs differ most: those of
      one name, or in their order where names differ. Numbers may differ by a share of the largest of their layer, and by one step
      for 99 of 100 where two programs round integers. Exits with 0 where both compute the same, with 1 where they part.
      """)

  @Argument(help: "A model: a file, RUN/ROW, onnxruntime:FILE, litert:FILE or c:MODEL.")
  var first: String

  @Argument(help: "Another one.")
  var second: String

  @Option(help: "A manifest's name, or the path of a manifest, a folder of images or an archive.")
  var data: String

  @Option(help: "How many images, at most.")
  var images = 100

  @Option(help: "By how much numbers may differ, as a share of the largest of a layer.")
  var tolerance: Float = 1e-4

  @OptionGroup var normalization: NormalizationOption

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard (1...100_000).contains(images) else {
      throw ValidationError("--images must be in 1...100000, found \(images)")
    }
    guard tolerance >= 0, tolerance < 1 else {
      throw ValidationError("--tolerance must be at least 0 and below 1, found \(tolerance)")
    }
  }

  func run() throws {
    condense_prepare_compute()
    let subjects = try DiffSubject.pair(first, second, try normalization.importOptions())
    let material = try DiffMaterial(data: data, subjects, atMost: images)
    let runs = try subjects.map { try $0.run() }
    let difference = try failing(.badInput) {
      try RunDifference(
        runs[0], material.images[0], runs[1], material.images[1], tolerance: tolerance)
    }
    let report = DiffReport(
      names: [first, second], methods: runs.map(\.method), difference, truth: material.truth,
      tolerance: tolerance)
    Console.print(json ? report.node.prettyJSON : report.text)
    guard difference.isAlike else { throw CommandFailure(.negative, "\(first) and \(second) part") }
  }
}
