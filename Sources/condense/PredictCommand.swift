import ArgumentParser
import DNNL
import Execution
import Export
import Foundation
import Graphs
import Images
import Integers
import Ops
import Settings
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
      try Evaluator(model.graph, backend: arithmetic.backend, batch: 1, precision: .f32, threads: 1)
    }
    var nodes: [SettingsNode] = []
    var failures: [CommandFailure] = []
    for path in images {
      do {
        let probabilities = evaluator.probabilities(of: try Self.input(of: path, for: model))
        guard probabilities.allSatisfy(\.isFinite) else {
          throw CommandFailure.outputsNotFinite(of: self.model, on: path)
        }
        let best = best(of: probabilities)
        if json {
          nodes.append(node(path, best, probabilities, model))
        } else {
          Console.print(line(path, best, probabilities, model))
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

  /// The most probable classes, of equals the first ones.
  private func best(of probabilities: [Double]) -> ArraySlice<Int> {
    probabilities.indices.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }.prefix(top)
  }

  private func line(
    _ path: String, _ best: ArraySlice<Int>, _ probabilities: [Double], _ model: Model
  ) -> String {
    let words = best.map { "\(model.classes[$0]) " + String(format: "%.1f %%", 100 * probabilities[$0]) }
    return "\(path): " + words.joined(separator: ", ")
  }

  private func node(
    _ path: String, _ best: ArraySlice<Int>, _ probabilities: [Double], _ model: Model
  ) -> SettingsNode {
    let classes = best.map {
      SettingsNode(mapping: ["class": model.classes[$0].node, "probability": probabilities[$0].node])
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
