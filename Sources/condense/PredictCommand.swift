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

/// `condense predict`: says what a model sees in images.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Prints the classes that a model gives to images, the most probable first.",
    discussion: """
      Of several images, those that cannot be read are told on standard error (and with --json as entries with an
      "error" instead of "classes"); the others are predicted all the same, and the exit code is 65.
      """)

  @Argument(
    help:
      "A model: safetensors that `condense train` wrote, a student (.condensed) or an ONNX file; or RUN/ROW, a row of a comparison."
  )
  var model: String

  @Argument(help: "PNG or JPEG files.")
  var images: [String]

  @Option(help: "How many classes to print of each image.")
  var top = 5

  @OptionGroup var normalization: NormalizationOption

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    guard top >= 1 else { throw ValidationError("--top must be at least 1, found \(top)") }
    guard !images.isEmpty else { throw ValidationError("expected the path of an image") }
  }

  func run() throws {
    let options = try normalization.importOptions()
    let imported = try failing(.badInput) { try ModelReader.read(ModelPath.resolved(self.model), options) }
    imported.tellNotes(of: self.model)
    let model = imported.model
    let arithmetic = InferenceArithmetic(of: model.graph, floats: DNNLBackend())
    arithmetic.tellRefusal(of: self.model)
    let evaluator = try failing(.internal) {
      try Evaluator(
        model.graph, task: TaskCatalogue.task(of: model.graph, name: self.model), backend: arithmetic.backend,
        batch: 1, precision: .f32, threads: 1)
    }
    var nodes: [SettingsNode] = []
    var failures: [CommandFailure] = []
    for path in images {
      do {
        let answers = evaluator.answers(to: try Self.input(of: path, for: model))
        guard answers.allSatisfy(\.confidence.isFinite) else {
          throw CommandFailure.outputsNotFinite(of: self.model, on: path)
        }
        if json {
          nodes.append(node(path, answers.prefix(top), model))
        } else {
          Console.print(line(path, answers.prefix(top), model))
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
    guard let failure = failures.first else { return }
    guard images.count > 1 else { throw failure }
    throw CommandFailure(.badInput, "\(failures.count) of \(images.count) images could not be read")
  }

  private func line(_ path: String, _ answers: ArraySlice<Answer>, _ model: Model) -> String {
    let words = answers.map { answer in
      "\(model.classes[answer.label]) " + String(format: "%.1f %%", 100 * answer.confidence)
        + (answer.box.map { " at \($0.left), \($0.top) to \($0.right), \($0.bottom)" } ?? "")
    }
    return "\(path): " + words.joined(separator: ", ")
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

  /// An image as the network takes it.
  private static func input(of path: String, for model: Model) throws -> [Float] {
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
