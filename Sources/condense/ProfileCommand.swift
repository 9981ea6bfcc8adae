import ArgumentParser
import Graphs
import Settings
import Targets

/// `condense profile`: what a model takes of flash, RAM, time and energy on boards.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Estimate what a model takes on targets: flash, RAM, latency, energy; one target in full.")

  @Argument(help: "A model file, the name of a network, or the path of a network's spec.")
  var model: String

  @Option(help: "A profile's name or path; repeat for several. All profiles by default.")
  var target: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let graph = try failing(.badInput) { try Self.graph(of: model) }
    let profiles = try failing(.badInput) { try Self.profiles(target) }
    let report = try failing(.badInput) { try ProfileReport(graph, on: profiles, name: model) }
    Console.print(json ? report.node.prettyJSON : report.text(width: Console.width))
  }

  /// The network of a file or a spec; that of a spec with untrained weights, whose values cost as much as trained ones.
  private static func graph(of model: String) throws -> Graph {
    var graph = try GraphSummary(of: model, specs: Locations.folders("Teachers")).graph
    if graph.parameters.isEmpty { graph.initializeParameters(seed: 0) }
    return graph
  }

  private static func profiles(_ names: [String]) throws -> [TargetProfile] {
    let folders = Locations.folders("Recipes/targets")
    guard !names.isEmpty else { return try TargetProfile.all(in: folders) }
    return try names.map { try TargetProfile.named($0, searching: folders) }
  }
}
