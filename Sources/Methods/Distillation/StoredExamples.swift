public import Graphs
import Ops
public import Settings
import Tensors

/// The kind of points that represent a class.
public enum ExampleChoice: String, Sendable, SettingChoice {
  /// Training images of the class, drawn at random.
  case random
  /// The means of clusters of the class's training images.
  case means
}

/// Replaces prototypes by training images, and the linear layer behind them by a vote of their classes.
///
/// The result is a nearest-neighbour classifier, or the initialization of ProtoNN.
public struct StoredExamples: CompressionMethod {
  /// The name in recipes: `stored-examples`.
  public static let name = "stored-examples"
  /// Distillation.
  public static let family = MethodFamily.distillation
  /// The position of pruning in a pipeline, so that later steps work on the new weights.
  public static let order = PipelineOrder.sparsity
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The description in the catalogue of methods.
  public static let documentation = MethodDocumentation(
    summary: "prototypes that are training images, told by their classes",
    description: """
      For a network with a layer of prototypes and a linear layer behind it. Each class gets as many prototypes as the others, or one \
      more: training images as the prototypes' layer sees them, drawn at random, or the means of as many clusters of them. The linear \
      layer then adds up the kernels of each class, and its biases become zero. With a high `rate` of the prototypes that is the \
      nearest neighbour, with a lower one a vote of the nearer ones; without training it is a floor that costs no training, with an \
      `epochs` of the stage the start that ProtoNN's paper gives its prototypes.
      """,
    formula: "score[c] = Σ_{j of class c} exp(-rate · (|x - p_j|² - min_k |x - p_k|²))",
    paper: """
      Cover, Hart 1967, Nearest neighbor pattern classification, doi:10.1109/TIT.1967.1053964; Gupta et al. 2017, ProtoNN, ICML, \
      section 3.3
      """)

  /// The kind of points that represent a class.
  public var choice = ExampleChoice.random
  /// The least number of training images to read, 1…1,000,000; all are read if there are fewer.
  public var images = 10_000

  /// Makes the method with its default settings.
  public init() {}

  /// Makes the method.
  public init(choice: ExampleChoice, images: Int) {
    self.choice = choice
    self.images = images
  }

  /// Settings: `choice`, `images`.
  public static var settings: [Setting<StoredExamples>] {
    [
      Setting("choice", \.choice, "images drawn at random, or the means of clusters of them"),
      Setting("images", \.images, in: 1...1_000_000, "training images to look at, at least"),
    ]
  }
  /// Activations: the features of training images.
  public var evidence: Set<EvidenceKind> { [.activations] }

  /// Applies to layers of prototypes.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    node.op is Prototypes ? .applicable : .notApplicable(reason: "it has no prototypes")
  }

  /// Sets the prototypes to examples of each class, the linear layer's weights to a one-hot vote, and its bias to 0.
  ///
  /// Throws `MethodError` if no layer has prototypes, if a layer has another reader than one linear output layer, or
  /// if a class has no prototype or no image.
  public func compress(_ compression: inout Compression<StoredExamples>) throws -> Rewrite {
    var rewrite = Rewrite(inPlace: compression.graph)
    let layers = compression.layers
    guard !layers.isEmpty else {
      throw MethodError.nothingToDo(
        method: Self.name, reason: "no layer has prototypes; take a network such as protonn")
    }
    for (node, settings) in layers {
      let reader = try Self.reader(of: node, in: compression.graph)
      let points = try settings.points(for: node, classes: reader.classes, &compression)
      let count = points.classes.count
      let name = ParameterRole.prototypes.name(of: node.name)
      rewrite.graph.parameters[name] = Parameter(points.values)
      rewrite.origin[name] = nil
      var votes = Tensor(zeros: [reader.classes, count])
      for (place, label) in points.classes.enumerated() { votes.values[label * count + place] = 1 }
      rewrite.graph[.weight, of: reader.name] = Parameter(votes)
      rewrite.origin[ParameterRole.weight.name(of: reader.name)] = nil
      if rewrite.graph[.bias, of: reader.name] != nil {
        rewrite.graph[.bias, of: reader.name] = Parameter(Tensor(zeros: [reader.classes]))
        rewrite.origin[ParameterRole.bias.name(of: reader.name)] = nil
      }
    }
    return rewrite
  }

  /// The linear layer behind a layer of prototypes, and its number of classes.
  ///
  /// Throws `MethodError.impossible` unless it is the only reader and an output of the graph.
  private static func reader(of node: Node, in graph: Graph) throws -> (name: String, classes: Int) {
    let readers = graph.nodes.filter { $0.inputs.contains(node.name) }
    guard readers.count == 1, let linear = readers[0].op as? Linear, graph.outputs.contains(readers[0].name)
    else {
      throw MethodError.impossible(
        method: name, node: node.name, reason: "a linear layer that tells the classes must read it, and alone"
      )
    }
    return (readers[0].name, linear.features)
  }

  /// The new prototypes `[J, I]` of a layer, class by class, and the class of each.
  ///
  /// Throws for fewer prototypes than classes, and for a class without images.
  private func points(
    for node: Node, classes: Int, _ compression: inout Compression<StoredExamples>
  ) throws -> (values: Tensor, classes: [Int]) {
    let count = (node.op as? Prototypes)?.count ?? 1
    guard count >= classes else {
      throw MethodError.impossible(
        method: Self.name, node: node.name,
        reason: "\(count) prototypes for \(classes) classes; give each class one at least")
    }
    let input = node.inputs[0]
    let width = compression.graph.shape(of: input)?[1] ?? 1
    var rows = Array(repeating: [Float](), count: classes)
    try compression.evidence.forEachExample(of: [input], images: images) { values, labels in
      guard let values = values[input]?.values else { return }
      for (place, label) in labels.enumerated() where rows.indices.contains(label) {
        rows[label] += values[place * width..<(place + 1) * width]
      }
    }
    var chosen: [Float] = []
    var labels: [Int] = []
    for label in 0..<classes {
      guard !rows[label].isEmpty else {
        throw MethodError.evidence(
          method: Self.name, reason: "class \(label) has no image among the first \(images); look at more")
      }
      let share = count / classes + (label < count % classes ? 1 : 0)
      let found = examples(rows[label], width: width, count: share, &compression.random)
      // A class with fewer points than its share repeats them.
      for place in 0..<share {
        let start = place * width % found.count
        chosen += found[start..<start + width]
        labels.append(label)
      }
    }
    return (Tensor(chosen, shape: [count, width]), labels)
  }

  /// At most `count` points of a class `[count, width]`, from its features `[images, width]`.
  private func examples(
    _ rows: [Float], width: Int, count: Int, _ random: inout SeededRandom
  ) -> [Float] {
    switch choice {
    case .random:
      random.permutation(rows.count / width).prefix(count).flatMap { rows[$0 * width..<($0 + 1) * width] }
    case .means:
      VectorKMeans(
        rows, weights: Array(repeating: 1, count: rows.count), width: width, count: count, random: &random
      ).centroids
    }
  }
}
