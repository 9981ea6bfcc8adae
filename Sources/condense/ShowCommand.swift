import ArgumentParser
import DNNL
import Export
import Execution
import Foundation
import Graphs
import Networks
import Ops
import Settings
import Training

/// The command `condense show`: prints the nodes of a model or network with shapes, parameters and costs.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print the graph of a model or network: shapes, parameters, costs, encodings and their bytes.")

  @Argument(
    help: "A model file; RUN/ROW, a row of a comparison; or a network's name or the path of its spec.")
  var model: String

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print which kernel runs each call of a training step and of an inference pass instead.")
  var plan = false

  @Option(help: "With --plan: images a pass.")
  var batch = 128

  @Option(help: "With --plan: auto, f32 or bf16.")
  var precision = PrecisionChoice.f32

  @Option(help: "With --plan: compute threads.")
  var threads = 1

  func validate() throws {
    for (name, value, range) in [("--batch", batch, 1...65_536), ("--threads", threads, 1...1024)]
    where !range.contains(value) {
      throw ValidationError("\(name) must be in \(range.lowerBound)...\(range.upperBound), found \(value)")
    }
  }

  func run() throws {
    if plan { try precision.requireSupport(at: "--precision") }
    let model = try ModelPath.resolved(model)
    let subject = try failing(.badInput) { try GraphSummary(of: model, specs: Locations.folders("Teachers")) }
    guard plan else {
      return Console.print(json ? subject.node.prettyJSON : subject.text(width: Console.width))
    }
    let chosen = precision.precision ?? .automatic(for: subject.graph, on: DNNLBackend())
    let listing = try failing(.badInput) {
      try KernelListing(of: subject.graph, batch: batch, precision: chosen, threads: threads)
    }
    Console.print(json ? listing.node.prettyJSON : listing.text(width: Console.width))
  }
}

extension GraphSummary {
  /// Reads the file that a user names, or the network of that name in the folders of specs.
  init(of name: String, specs: [String], normalization: InputNormalization? = nil) throws {
    if Self.isModel(name) {
      let imported = try ModelReader.read(
        name, ImportOptions(normalization: normalization, needsNormalization: false))
      imported.tellNotes(of: name)
      if !imported.isNormalizationKnown {
        Console.note("\(name): does not say how pixels become its input; --normalize does where that matters")
      }
      try self.init(model: imported.model, name: name)
    } else {
      let spec = try NetworkSpec.named(name, searching: specs)
      self.init(network: spec, graph: try spec.build())
    }
  }

  /// True if the name means a model file and not a network or its spec.
  static func isModel(_ name: String) -> Bool {
    if NamedFiles.isYAML(name) { return false }
    let endings = [".safetensors", ".condensed", ".onnx", ".tflite"]
    return name.contains("/") || endings.contains(where: name.hasSuffix) || isFile(name)
  }

  private static func isFile(_ path: String) -> Bool {
    (try? URL(filePath: path).resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey])
      .isRegularFile) ?? false
  }
}
