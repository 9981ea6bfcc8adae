public import Graphs
import Ops
public import Settings
import Tensors

/// Moves the strides of early convolutions to the last strided ones, so that maps between are larger.
public struct LateDownsampling: CompressionMethod {
  /// The name in recipes: `late-downsampling`.
  public static let name = "late-downsampling"
  /// The family that rankings show it in: filters.
  public static let family = MethodFamily.filters
  /// Changes nodes and shapes.
  public static let order = PipelineOrder.structure
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "move the strides of early convolutions to the last convolutions with a stride",
    description: """
      All convolutions with a stride that read planes of one size, shortcuts among them, are one stage of down-sampling; their \
      strides must be equal. The first `stages` stages get a stride of 1. The last stage gets the product of their strides on top \
      of its own. Maps between the stages become larger, and the last maps keep their size. Weights stay, multiply-adds and memory \
      grow: combine it with methods that save more than that, as SqueezeNet does. Stages of pooling stay where they are.
      """,
    formula: "strides s_1, …, s_n become 1, …, s_k+1, …, s_1·…·s_k·s_n for k = stages",
    paper:
      "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer, 2016, SqueezeNet: AlexNet-level accuracy with 50x fewer "
      + "parameters, section 3.1, arXiv:1602.07360")

  /// Stages of down-sampling that get a stride of 1, 1...16.
  public var stages = 1

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `stages`.
  public static var settings: [Setting<LateDownsampling>] {
    [
      Setting(
        "stages", \.stages, in: 1...16, "number of first stages of down-sampling that get a stride of 1")
    ]
  }

  /// The convolutions of the node's stage: those with a stride that read planes of the same size.
  public func layersTied(to node: Node, in graph: Graph) -> [String] {
    graph.downsamplingStages().first { $0.contains(node.name) } ?? [node.name]
  }

  /// Refuses layers without a stride or of a stage in the middle, stages whose layers have different strides, and
  /// networks whose maps would not fit.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    let all = graph.downsamplingStages()
    guard all.contains(where: { $0.contains(node.name) }) else {
      return .notApplicable(reason: "it is no convolution with a stride")
    }
    guard all.count > stages else {
      return .notApplicable(
        reason: "there are \(all.count) stages of down-sampling, \(stages) cannot be put off")
    }
    guard all[..<stages].contains(where: { $0.contains(node.name) }) || all[all.count - 1].contains(node.name)
    else { return .notApplicable(reason: "it is neither in the first stages nor in the last one") }
    if let reason = unequalStrides(graph) { return .notApplicable(reason: reason) }
    do throws(GraphError) {
      _ = try later(graph)
      return .applicable
    } catch {
      return .notApplicable(reason: "the maps would not fit one another: \(error)")
    }
  }

  /// Moves the strides of the first stages to the last one.
  ///
  /// Throws if a layer of these stages is left out, and if layers of a first stage have different strides.
  public func compress(_ compression: inout Compression<LateDownsampling>) throws -> Rewrite {
    let graph = compression.graph
    let all = graph.downsamplingStages()
    if all.count > stages, let reason = unequalStrides(graph) {
      throw MethodError.nothingToDo(method: Self.name, reason: reason)
    }
    let free = Set(compression.layers.map(\.node.name))
    guard all.count > stages,
      (all[..<stages] + [all[all.count - 1]]).allSatisfy({ $0.allSatisfy(free.contains) })
    else {
      throw MethodError.nothingToDo(
        method: Self.name,
        reason: "it has no \(stages + 1) stages of strided convolutions whose steps could move")
    }
    return try located(Self.name) {
      var later = try later(graph)
      later.parameters = graph.parameters
      later.values = graph.values
      return Rewrite(inPlace: later)
    }
  }

  /// The reason why the strides of the first stages cannot move; `nil` if each of these stages has one stride.
  private func unequalStrides(_ graph: Graph) -> String? {
    for stage in graph.downsamplingStages().prefix(stages) {
      let strides = stage.compactMap { name in
        (graph.node(named: name)?.op as? Conv2D).map { (name: name, stride: $0.stride) }
      }
      guard let first = strides.first, let other = strides.first(where: { $0.stride != first.stride }) else {
        continue
      }
      return "layers that read planes of one size have different strides: \(first.name) \(first.stride), "
        + "\(other.name) \(other.stride)"
    }
    return nil
  }

  /// The network with its strides moved, without parameters.
  ///
  /// Throws `GraphError` if values that meet would have different planes, or an output another shape.
  private func later(_ graph: Graph) throws(GraphError) -> Graph {
    let all = graph.downsamplingStages()
    let (early, last) = (Set(all.prefix(stages).joined()), Set(all.last ?? []))
    var (height, width) = (1, 1)
    for stage in all.prefix(stages) {
      guard let conv = stage.first.flatMap({ graph.node(named: $0)?.op as? Conv2D }) else { continue }
      height *= conv.stride.height
      width *= conv.stride.width
    }
    var later = Graph(inputs: graph.inputs)
    for node in graph.nodes {
      guard var conv = node.op as? Conv2D, early.contains(node.name) || last.contains(node.name) else {
        try later.append(node.op, name: node.name, inputs: node.inputs)
        continue
      }
      conv.stride =
        early.contains(node.name)
        ? 1 : Extent(conv.stride.height * height, conv.stride.width * width)
      try later.append(conv, name: node.name, inputs: node.inputs)
    }
    // Strides in another place may round differently, so outputs are compared.
    for output in graph.outputs {
      guard let before = graph.shape(of: output), let after = later.shape(of: output), before == after else {
        throw .channels(value: output, reason: "it would have another shape")
      }
    }
    later.outputs = graph.outputs
    return later
  }
}

extension Graph {
  /// The convolutions with a stride, grouped by the area of the planes that they read, the largest first.
  fileprivate func downsamplingStages() -> [[String]] {
    var stages: [(area: Int, names: [String])] = []
    for node in nodes {
      guard let conv = node.op as? Conv2D, conv.stride.height * conv.stride.width > 1,
        let area = inputShapes(of: node).first?.spatialCount
      else { continue }
      if let place = stages.firstIndex(where: { $0.area == area }) {
        stages[place].names.append(node.name)
      } else {
        stages.append((area, [node.name]))
      }
    }
    return stages.sorted { $0.area > $1.area }.map(\.names)
  }
}
