import Graphs
import Networks

/// The networks that are measured: those of Teachers/, found from the working directory, or any spec by path.
enum BenchNetworks {
  static func graph(_ name: String) throws -> Graph {
    let spec = try NetworkSpec.named(name, searching: ["Teachers"])
    var graph = try spec.build()
    graph.initializeParameters(seed: 0)
    return graph
  }
}
