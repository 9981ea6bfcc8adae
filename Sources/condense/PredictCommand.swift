import ArgumentParser
import DNNL
import Datasets
import Execution
import Export
import Foundation
import Graphs
import Images
import Integers
import Ops
import Settings
import Tasks
import Tensors
import Training

/// The command `condense predict`: prints a model's predictions for images.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract:
      "Print the classes that a model gives to images, or what it finds in them, the most probable first.",
    discussion: """
      A detector's boxes are in pixels of the image, from its top left corner; with --out they are also drawn, each class in a \
      colour of its own, into FOLDER/NAME.png.

      Of several images, those that cannot be read are told on standard error (and with --json as entries with an \
      "error" instead of "classes"); the others are predicted all the same, and the exit code is 65.
      """)

  @Argument(
    help:
      "A model: safetensors that `condense train` wrote, a student (.condensed), an ONNX or a TensorFlow Lite file; or RUN/ROW, a row of a comparison."
  )
  var model: String

  @Argument(help: "PNG or JPEG files.")
  var images: [String]

  @Option(help: "How many classes or things to print of each image. (default: 5 classes, all things)")
  var top: Int?

  @Option(help: "The least probability of a thing that is told. (default: 0.5)")
  var least: Double?

  @Option(help: "A folder for copies of the images with the boxes of what was found.")
  var out: String?

  @OptionGroup var normalization: NormalizationOption

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if let top, top < 1 { throw ValidationError("--top must be at least 1, found \(top)") }
    if let least, !(0...1).contains(least) {
      throw ValidationError("--least must be in 0...1, found \(least)")
    }
    guard !images.isEmpty else { throw ValidationError("expected the path of an image") }
  }

  func run() throws {
    let options = try normalization.importOptions()
    let imported = try failing(.badInput) { try ModelReader.read(ModelPath.resolved(self.model), options) }
    imported.tellNotes(of: self.model)
    let model = imported.model
    let arithmetic = InferenceArithmetic(of: model.graph, floats: DNNLBackend())
    arithmetic.tellRefusal(of: self.model)
    let task = try failing(.internal) { try TaskCatalogue.task(of: model.graph, name: self.model) }
    guard task is ObjectDetection || out == nil && least == nil else {
      throw CommandFailure(.usage, "\(self.model): --out and --least are for detectors, this tells classes")
    }
    let evaluator = try failing(.internal) {
      try Evaluator(
        model.graph, task: task, backend: arithmetic.backend, batch: 1, precision: .f32, threads: 1)
    }
    if let out {
      try failing(.badInput) {
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
      }
    }
    var nodes: [SettingsNode] = []
    var failures: [CommandFailure] = []
    for path in images {
      do {
        var answers = evaluator.answers(to: try Self.input(of: path, for: model))
        guard answers.allSatisfy(\.confidence.isFinite) else {
          throw CommandFailure.outputsNotFinite(of: self.model, on: path)
        }
        if task is ObjectDetection {
          let picture = try DetectionPicture(path, input: model.input)
          answers = answers.filter { $0.confidence >= least ?? 0.5 }.map(picture.placed)
          if let out { try picture.write(answers, to: out) }
        }
        let told = answers.prefix(top ?? (task is ObjectDetection ? answers.count : 5))
        if json {
          nodes.append(node(path, told, model))
        } else {
          Console.print(line(path, told, model))
        }
      } catch let failure as CommandFailure {
        failures.append(failure)
        nodes.append(SettingsNode(mapping: ["image": path.node, "error": failure.message.node]))
        if images.count > 1 { Console.error(failure.message) }
      }
    }
    if json {
      Console.print(
        SettingsNode(mapping: ["schema": 1.node, "predictions": SettingsNode(.list(nodes))]).prettyJSON)
    }
    if out != nil, !json {
      let colors = model.classes.indices.map { "\(model.classes[$0]) \(Image.markColorName($0))" }
      Console.note("colours: " + colors.joined(separator: ", "))
    }
    guard let failure = failures.first else { return }
    guard images.count > 1 else { throw failure }
    throw CommandFailure(.badInput, "\(failures.count) of \(images.count) images could not be read")
  }

  private func line(_ path: String, _ answers: ArraySlice<Answer>, _ model: Model) -> String {
    let words = answers.map { answer in
      "\(model.classes[answer.label]) " + String(format: "%.1f %%", 100 * answer.confidence)
        + (answer.box.map {
          String(format: " at %.0f, %.0f to %.0f, %.0f", $0.left, $0.top, $0.right, $0.bottom)
        } ?? "")
    }
    return "\(path): " + (words.isEmpty ? "nothing" : words.joined(separator: ", "))
  }

  private func node(_ path: String, _ answers: ArraySlice<Answer>, _ model: Model) -> SettingsNode {
    let classes = answers.map { answer in
      let said = SettingsNode(mapping: [
        "class": model.classes[answer.label].node, "probability": answer.confidence.node,
      ])
      guard let box = answer.box else { return said }
      let sides = [box.left, box.top, box.right, box.bottom].map(Double.init)
      return said.adding(SettingsNode(mapping: ["box": sides.node]))
    }
    return SettingsNode(mapping: ["image": path.node, "classes": SettingsNode(.list(classes))])
  }

  /// Reads an image as the network takes it.
  static func input(of path: String, for model: Model) throws -> [Float] {
    let bytes: [UInt8]
    do {
      bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
    } catch {
      throw CommandFailure(.badInput, "\(path): cannot be read: \(FileFailure.reason(error, path: path))")
    }
    let shape = model.input.shape
    let (channels, height, width) = (shape[0], shape[1], shape[2])
    var pixels = [UInt8](repeating: 0, count: shape.count)
    do throws(ImageError) {
      var span = pixels.mutableSpan
      try ImageDecoder().decode(bytes.span, into: &span, width: width, height: height, channels: channels)
    } catch {
      throw CommandFailure(.badInput, "\(path): \(error)")
    }
    return (0..<channels).flatMap { channel in
      (0..<height * width).map { place in
        (Float(pixels[place * channels + channel]) - model.input.mean[channel])
          / model.input.deviation[channel]
      }
    }
  }
}
