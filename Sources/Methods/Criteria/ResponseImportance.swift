import Graphs
import Ops
public import Settings
import Tensors

/// Scores channels by the importance of the final responses, sent back to each channel: NISP.
public struct ResponseImportance: Saliency {
  /// The name in recipes: `nisp`.
  public static let name = "nisp"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "the importance of the classifier's features, sent back to each channel (NISP)",
    description: """
      Infinite feature selection scores the features that the last layers read: a feature matters if it varies and \
      if its rank differs from that of others, along all chains of features. Their importance is sent back through \
      the absolute weights: each input gets the importance of the outputs that it makes. Norms are folded into the \
      layers before them; activations pass importance on, pools divide it evenly, sums and products pass it to each \
      of their inputs. A channel has the importance that arrives through the weights that read it, summed over \
      places. Scores are divided by the mean score of their layer before layers are compared.
      """,
    formula: """
      s[l] = |W[l+1]|^T·s[l+1]; s of the features = ((I - r·A)^-1 - I)·1, r = 0.9/spectral radius of A, \
      A_ij = spread·max(d_i, d_j) + (1 - spread)·(1 - |rank correlation|), d the deviations over the largest
      """,
    paper: """
      Yu et al., "NISP: pruning networks using neuron importance score propagation", 2018, arXiv:1711.05908; the \
      features: Roffo, Melzi, Cristani, "Infinite feature selection", ICCV 2015, doi:10.1109/ICCV.2015.478
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// The weight of the features' spread against their difference, 0...1.
  public var spread = 0.5
  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Weighs spread and difference alike.
  public init() {}

  /// Settings: `spread`, `images`.
  public static var settings: [Setting<ResponseImportance>] {
    [
      Setting(
        "spread", \.spread, in: 0...1,
        "weight of the features' deviations; the rest, 1 - spread, is the weight of their rank differences"),
      SaliencyCatalogue.imagesSetting(\.images),
    ]
  }

  /// Activations.
  public var evidence: Set<EvidenceKind> { [.activations] }

  /// |W|ᵀ·s of each reader of a channel, summed over places, from the importances of the final features.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    let messages = try BackwardMessages(context.graph)
    let graph = messages.graph
    let start = try importances(of: Self.finalFeatures(messages), messages, context)
    var importance: [String: [Double]] = start.mapValues { $0.channelSums() }
    messages.send(start) { node, output in
      let shapes = graph.inputShapes(of: node)
      if BackwardMessages.isElementwise(node) { return [output.reshaped(shapes[0])] }
      var op: any Op = node.op
      // Any place of a maximum's window may be the largest, so all share alike.
      if let pool = node.op as? MaxPool {
        op = AveragePool(
          kernel: pool.kernel, stride: pool.stride, padding: pool.padding, endPadding: pool.endPadding,
          countsPadding: false)
      }
      let parameters = op is any ProductOp ? messages.weights(of: node, abs) : messages.parameters(of: node)
      // The gradient of a layer of absolute weights is |W|ᵀ·s, whatever the inputs are.
      let ones = shapes.map { Tensor(repeating: 1, shape: $0) }
      let frame = BackwardMessages.frame(op, ones, parameters, output: output.shape)
      return BackwardMessages.gradients(op, frame, by: output)
    } reading: { value, message, scale in
      let sums = message.channelSums().map { $0 * scale }
      importance[value] = importance[value].map { zip($0, sums).map { $0 + $1 } } ?? sums
    }
    return sets.map { set in
      set.sums(ofChannels: importance.filter { set.values(.reading).contains($0.key) })
    }
  }

  /// The values that the last layers of weights before the outputs read.
  private static func finalFeatures(_ messages: BackwardMessages) -> [String] {
    var reached = Set(messages.graph.outputs)
    var features: [String] = []
    for node in messages.graph.nodes.reversed() where reached.contains(node.name) {
      if messages.isReader(node) {
        if !features.contains(node.inputs[0]) { features.append(node.inputs[0]) }
      } else {
        reached.formUnion(node.inputs)
      }
    }
    return features.filter { messages.graph.node(named: $0) != nil }
  }

  /// The importance of features, spread over their places: `[1, channels, …]`.
  private func importances(
    of values: [String], _ messages: BackwardMessages, _ context: SaliencyContext
  ) throws -> [String: Tensor] {
    guard !values.isEmpty else { return [:] }
    var responses: [String: [[Double]]] = [:]
    try context.evidence.forEachActivation(of: values, images: images ?? context.images, real: true) {
      batch in
      for (name, tensor) in batch {
        let (channels, places) = (tensor.shape[1], tensor.shape.spatialCount)
        var columns = responses.removeValue(forKey: name) ?? Array(repeating: [], count: channels)
        for image in 0..<tensor.shape[0] {
          for channel in 0..<channels {
            let start = (image * channels + channel) * places
            let sum = tensor.values[start..<start + places].reduce(0) { $0 + Double($1) }
            columns[channel].append(sum / Double(places))
          }
        }
        responses[name] = columns
      }
    }
    var importances: [String: Tensor] = [:]
    for (name, columns) in responses {
      let shape = messages.graph.shape(of: name) ?? []
      let places = shape.spatialCount
      let scores = FeatureSelection(columns, spread: spread).scores.map { Float($0 / Double(places)) }
      importances[name] = Tensor(scores.flatMap { Array(repeating: $0, count: places) }, shape: shape)
    }
    return importances
  }
}

/// Infinite feature selection: scores features by how they vary and differ, along chains of any length.
///
/// **Formula**: `((I - r·A)^-1 - I)·1` with r = 0.9/spectral radius of A; A holds deviations and rank
/// differences of pairs.
struct FeatureSelection {
  /// The score of each feature.
  let scores: [Double]

  /// Scores features, each given as one number an image.
  init(_ features: [[Double]], spread: Double) {
    let count = features.count
    let deviations = features.map { Self.deviation($0) }
    let largest = deviations.max() ?? 0
    let ranks = features.map { Self.standardized(Self.ranks($0)) }
    var matrix = Array(repeating: Array(repeating: 0.0, count: count), count: count)
    for i in 0..<count {
      for j in 0...i {
        let correlation = zip(ranks[i], ranks[j]).reduce(0) { $0 + $1.0 * $1.1 }
        let deviation = largest > 0 ? max(deviations[i], deviations[j]) / largest : 0
        matrix[i][j] = spread * deviation + (1 - spread) * (1 - min(abs(correlation), 1))
        matrix[j][i] = matrix[i][j]
      }
    }
    func product(_ vector: [Double]) -> [Double] {
      matrix.map { row in zip(row, vector).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    // Power iteration finds the largest eigenvalue: the matrix is symmetric and has no negative element.
    var vector = Array(repeating: 1 / Double(max(count, 1)).squareRoot(), count: count)
    var radius = 0.0
    for _ in 0..<100 {
      let next = product(vector)
      radius = next.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard radius > 0, radius.isFinite else { break }
      vector = next.map { $0 / radius }
    }
    guard radius > 0, radius.isFinite else {
      scores = Array(repeating: 1, count: count)
      return
    }
    // Sums the powers of r·A; each is at most 0.9 of the one before, so 200 terms are enough.
    var (term, sum) = (Array(repeating: 1.0, count: count), Array(repeating: 0.0, count: count))
    for _ in 0..<200 {
      term = product(term).map { $0 * 0.9 / radius }
      for i in 0..<count { sum[i] += term[i] }
    }
    scores = sum
  }

  /// The standard deviation of numbers.
  private static func deviation(_ values: [Double]) -> Double {
    let count = Double(max(values.count, 1))
    let mean = values.reduce(0, +) / count
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
  }

  /// Ranks from 0; equal values share the mean of their ranks.
  private static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = Array(repeating: 0.0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
      start = end
    }
    return ranks
  }

  /// Numbers of mean 0 and norm 1, so that products are correlations; zeros if all are equal.
  private static func standardized(_ values: [Double]) -> [Double] {
    let mean = values.reduce(0, +) / Double(max(values.count, 1))
    let norm = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
    return values.map { norm > 0 ? ($0 - mean) / norm : 0 }
  }
}
