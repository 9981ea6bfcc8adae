import Graphs
import Networks

/// The networks for benchmarks: those of `Teachers/`, relative to the working directory, or any spec by its
/// path.
enum BenchNetworks {
  static func graph(_ name: String) throws -> Graph {
    let spec = try NetworkSpec.named(name, searching: ["Teachers"])
    var graph = try spec.build()
    graph.initializeParameters(seed: 0)
    return graph
  }
}
