public import Graphs
import Ops
public import Settings
import Tensors

/// Makes a network read smaller images: the mean of each square of pixels.
public struct ScaledResolution: CompressionMethod {
  /// The name in recipes: `resolution`.
  public static let name = "resolution"
  /// The family that rankings show it in: filters.
  public static let family = MethodFamily.filters
  /// Changes nodes and shapes.
  public static let order = PipelineOrder.structure
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "let the network read images of fewer pixels, made by averaging",
    description: """
      Averages squares of `factor` x `factor` pixels in front of the network (INPUT.smaller). All maps become \
      smaller by that factor in each direction, multiply-adds and memory by about its square; parameters stay. The \
      averaging is part of the network: files, exports and costs contain it, and the data stays as it is. Only \
      networks that average over whole planes at the end, and whose layers do not depend on the number of places, \
      can read another size.
      """,
    formula: "x'[c,i,j] = mean of x[c, factor·i + u, factor·j + v] over 0 ≤ u, v < factor",
    paper:
      "Howard et al., 2017, MobileNets, section 3.4 (resolution multiplier), arXiv:1704.04861; Tan, Le, 2019, EfficientNet, "
      + "arXiv:1905.11946")

  /// Pixels a side that become one, 2...16.
  public var factor = 2

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `factor`.
  public static var settings: [Setting<ScaledResolution>] {
    [Setting("factor", \.factor, in: 2...16, "side in pixels of the squares that become one pixel")]
  }

  /// All layers that read the image: they go together.
  public func layersTied(to node: Node, in graph: Graph) -> [String] { graph.imageReaders }

  /// Refuses layers that do not read the image, and networks with weights that depend on the image's size.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard graph.imageReaders.contains(node.name) else {
      return .notApplicable(reason: "it does not read the image")
    }
    do throws(GraphError) {
      let smaller = try smaller(graph)
      let changed = graph.nodes.first { node in
        graph.slots(of: node).map(\.slot.shape)
          != (smaller.node(named: node.name).map { smaller.slots(of: $0).map(\.slot.shape) } ?? [])
      }
      if let changed {
        return .notApplicable(reason: "\(changed.name) depends on the number of places of its input")
      }
      return .applicable
    } catch {
      return .notApplicable(reason: "on smaller images the network is impossible: \(error)")
    }
  }

  /// Puts an average pooling `INPUT.smaller` before all readers of the image; weights stay.
  public func compress(_ compression: inout Compression<ScaledResolution>) throws -> Rewrite {
    let graph = compression.graph
    let free = Set(compression.layers.map(\.node.name))
    guard !free.isEmpty, free.isSuperset(of: graph.imageReaders) else {
      let node = graph.nodes.first { graph.imageReaders.contains($0.name) }
      guard let node, case .notApplicable(let reason) = applicability(to: node, in: graph) else {
        throw MethodError.nothingToDo(
          method: Self.name, reason: "no layer reads the image, or the recipe leaves one out that does")
      }
      throw MethodError.nothingToDo(method: Self.name, reason: reason)
    }
    return try located(Self.name) {
      var smaller = try smaller(graph)
      smaller.parameters = graph.parameters
      smaller.values = graph.values
      return Rewrite(inPlace: smaller)
    }
  }

  /// The network behind an average pooling of its images, without parameters.
  private func smaller(_ graph: Graph) throws(GraphError) -> Graph {
    var smaller = Graph(inputs: graph.inputs)
    var names: [String: String] = [:]
    for input in graph.inputs where input.shape.rank == 3 {
      let name = graph.unusedName(input.name, "smaller")
      try smaller.append(AveragePool(kernel: factor), name: name, inputs: [input.name])
      names[input.name] = name
    }
    for node in graph.nodes {
      try smaller.append(node.op, name: node.name, inputs: node.inputs.map { names[$0] ?? $0 })
    }
    smaller.outputs = graph.outputs
    return smaller
  }
}

extension Graph {
  /// The layers of weights that read an image: an input of three axes.
  fileprivate var imageReaders: [String] {
    nodes.filter { node in
      node.op is any ProductOp
        && node.inputs.contains { name in inputs.contains { $0.name == name && $0.shape.rank == 3 } }
    }.map(\.name)
  }
}
