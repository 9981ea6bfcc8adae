import Execution
import Graphs
import Tensors

/// A graph in which encoded values are projected by nodes, so that lowering, fusing and folding see them.
///
/// A value `v` with an encoding keeps its name as a real value. Its readers read its projection instead,
/// which is another value.
struct ProjectedGraph {
  /// The graph that kernels compute, in which no value has an encoding.
  let graph: Graph
  /// The name of each encoded value's projection, by the value's name.
  let projections: [String: String]

  /// Inserts the projections of a verified graph.
  init(_ original: Graph) throws(ExecutionError) {
    guard !original.values.isEmpty else {
      graph = original
      projections = [:]
      return
    }
    do throws(GraphError) { (graph, projections) = try Self.inserted(into: original) } catch {
      throw .invalidGraph(error)
    }
  }

  private static func inserted(
    into original: Graph
  ) throws(GraphError) -> (graph: Graph, projections: [String: String]) {
    var graph = Graph(inputs: original.inputs)
    var projections: [String: String] = [:]
    func project(_ value: String) throws(GraphError) {
      guard let encoding = original.values[value] else { return }
      var name = value + " (projected)"
      while original.shape(of: name) != nil { name += "'" }
      projections[value] = try graph.append(Projection(onto: encoding), name: name, inputs: [value])
    }
    for input in original.inputs { try project(input.name) }
    for node in original.nodes {
      try graph.append(node.op, name: node.name, inputs: node.inputs.map { projections[$0] ?? $0 })
      try project(node.name)
    }
    graph.outputs = original.outputs.map { projections[$0] ?? $0 }
    graph.parameters = original.parameters
    return (graph, projections)
  }

  /// The value of this graph for a value of the original.
  func name(of value: String) -> String { projections[value] ?? value }

  /// The options of the original's plan, with the names of this graph.
  func renaming(_ options: PlanOptions) -> PlanOptions {
    var renamed = options
    renamed.taps = options.taps.map(name(of:))
    renamed.seeds = options.seeds.map(name(of:))
    return renamed
  }
}

extension Graph {
  /// The encodings of trained parameters that are not plain floats.
  func trainedEncodings() -> [String: any Encoding] {
    var encodings: [String: any Encoding] = [:]
    for node in nodes {
      for (name, slot) in slots(of: node) where slot.isTrainable {
        guard let encoding = parameters[name]?.encoding, !(encoding is Dense) else { continue }
        encodings[name] = encoding
      }
    }
    return encodings
  }

  /// A trained parameter whose encoding differs from the given one; `nil` if there is none.
  func parameterEncodedOtherwise(than others: [String: any Encoding]) -> String? {
    let own = trainedEncodings()
    return Set(own.keys).union(others.keys).sorted().first { name in
      guard let encoding = own[name], let other = others[name] else { return true }
      return !encoding.isEqual(to: other)
    }
  }

  /// The graph with every parameter replaced by its projection, as plain floats.
  ///
  /// `masters` take the place of the graph's masters. Numbers of learned grids are gone.
  func projectingParameters(_ masters: [String: Tensor]? = nil) -> Graph {
    var present = self
    for (name, master) in masters ?? [:] { present.parameters[name]?.value = master }
    var graph = present
    for name in parameters.keys { graph.parameters[name] = present.projected(name).map { Parameter($0) } }
    for grid in parameters.keys.compactMap(gridName(of:)) { graph.parameters[grid] = nil }
    return graph
  }
}
