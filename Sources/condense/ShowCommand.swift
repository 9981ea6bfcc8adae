import ArgumentParser
import Encodings
import Foundation
import Graphs
import Networks
import Ops
import Settings

/// `condense show`: a model's or network's nodes with shapes, parameters and costs.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Print the graph of a model or network: shapes, parameters, costs, encodings and their bytes.")

  @Argument(help: "A model file, the name of a network, or the path of a network's spec.")
  var model: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let subject = try failing(.badInput) { try GraphSummary(of: model, specs: Locations.folders("Teachers")) }
    Console.print(json ? subject.node.prettyJSON : subject.text(width: Console.width))
  }
}

extension GraphSummary {
  /// Reads what a user names: a file by its content, else a network of the folders of specs.
  init(of name: String, specs: [String]) throws {
    let isSpec = name.hasSuffix(".yaml") || name.hasSuffix(".yml")
    let isFile =
      name.contains("/") || name.hasSuffix(".safetensors") || name.hasSuffix(".condensed")
      || Self.isFile(name)
    if !isSpec && isFile {
      try self.init(model: AnyModelFile.read(name), name: name)
    } else {
      let spec = try NetworkSpec.named(name, searching: specs)
      self.init(network: spec, graph: try spec.build())
    }
  }

  private static func isFile(_ path: String) -> Bool {
    (try? URL(filePath: path).resolvingSymlinksInPath().resourceValues(forKeys: [.isRegularFileKey])
      .isRegularFile) ?? false
  }
}
