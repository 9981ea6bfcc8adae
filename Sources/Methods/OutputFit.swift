import Graphs
import LinearAlgebra
import Ops
import Settings
import Tensors

/// Fits layers of a changed network, one after another, to what the layers in whose place they stand made in the
/// network before, on the inputs that the changed network gives them: errors of earlier layers are made up for, not
/// added to.
///
/// **Formula**: `min over W of ‖Y - X·W‖² + e·‖W - W₀‖²` with Y the old layer's outputs at sampled places, X what the
/// new layer reads there, and `e = ridge · mean diagonal of XᵀX`; a bias is fitted too.
///
/// **Paper**: Zhang, Zou, He, Sun, "Accelerating very deep convolutional networks for classification and detection",
/// 2016, arXiv:1505.06798 (asymmetric reconstruction).
public struct OutputFit: Sendable {
  /// Training images to look at.
  public var images = 256
  /// Places of each layer's output that are sampled in each image.
  public var places = 10
  /// How strongly fitted weights are held near what they were.
  public var ridge = 1e-3

  /// 256 images, ten places each.
  public init() {}

  static func settings<Owner>(_ path: WritableKeyPath<Owner, OutputFit>) -> [Setting<Owner>] {
    [
      Setting(
        "images", path.appending(path: \.images), in: 1...1_000_000, "training images that fits look at"
      ).omittedAsDefault(),
      Setting(
        "places", path.appending(path: \.places), in: 1...4096,
        "places of a layer's output that fits sample in each image"
      ).omittedAsDefault(),
      Setting(
        "ridge", path.appending(path: \.ridge), in: 1e-6...1e3,
        "how strongly fitted weights are held near what they were, over the mean square of inputs"
      ).omittedAsDefault(),
    ]
  }

  /// A layer that is fitted: which channels of which value of the network before it makes.
  struct Part {
    /// The value in the network before.
    let value: String
    /// The layer in the changed network.
    let layer: String
    /// The channels of the value that the layer makes.
    let channels: Range<Int>
  }

  /// The changed network with its parts fitted, in the order given, which must be that of the network.
  func fitted<M: CompressionMethod>(
    _ rewrite: Rewrite, _ parts: [Part], _ compression: inout Compression<M>
  ) throws -> Rewrite {
    let sampler = PlaceSampler(places: places, key: compression.random.next())
    let layers = parts.compactMap { part in
      SampledLayer.making(part.layer, in: rewrite.graph).map { (part, $0) }
    }
    let outputs = layers.compactMap { part, _ in
      OutputPlaces(part, in: compression.graph)
    }
    let targets = try sampler.rows(
      of: outputs, in: compression.graph, images: images, real: true, compression.evidence)
    var fitted = rewrite
    var before: Set<String> = []
    for ((part, layer), target) in zip(layers, targets) {
      try neutralize(&fitted, upTo: part.layer, &before, compression.evidence)
      let inputs = try sampler.rows(
        of: [layer], in: fitted.graph, images: images, real: true, compression.evidence)[0]
      let changed = try located("\(M.name): \(part.layer)") {
        try layer.fitted(to: target, reading: inputs, ridge: ridge)
      }
      for (name, tensor) in changed {
        fitted.graph.parameters[name]?.value = tensor
        fitted.origin[name] = nil
      }
    }
    return fitted
  }

  /// Gives new batch norms before a layer the statistics of what they read, and a scale and shift that undo them:
  /// they change nothing, in training as in inference, until training moves them.
  private func neutralize(
    _ rewrite: inout Rewrite, upTo layer: String, _ done: inout Set<String>, _ evidence: any Evidence
  ) throws {
    let graph = rewrite.graph
    let norms = graph.nodes.prefix { $0.name != layer }.filter { node in
      node.op is BatchNorm && rewrite.origin[ParameterRole.scale.name(of: node.name)] == nil
        && done.insert(node.name).inserted
    }
    guard !norms.isEmpty else { return }
    var sums: [String: (count: Double, sums: [Double], squares: [Double])] = [:]
    try evidence.forEachActivation(
      of: Set(norms.flatMap(\.inputs)).sorted(), in: graph, images: images, real: true
    ) { values in
      for (name, tensor) in values {
        let (channels, plane) = (tensor.shape[1], tensor.shape.spatialCount)
        let none = Array(repeating: 0.0, count: channels)
        var (count, sum, squares) = sums.removeValue(forKey: name) ?? (0, none, none)
        for (place, value) in tensor.values.enumerated() {
          let channel = place / plane % channels
          sum[channel] += Double(value)
          squares[channel] += Double(value) * Double(value)
        }
        count += Double(tensor.shape[0] * plane)
        sums[name] = (count, sum, squares)
      }
    }
    for node in norms {
      guard let norm = node.op as? BatchNorm, let seen = node.inputs.first.flatMap({ sums[$0] }) else {
        continue
      }
      let means = seen.sums.map { $0 / seen.count }
      let variances = zip(seen.squares, means).map { max(0, $0 / seen.count - $1 * $1) }
      let scales = variances.map { ($0 + Double(norm.epsilon)).squareRoot() }
      for (role, numbers) in [
        (ParameterRole.mean, means), (.variance, variances), (.shift, means), (.scale, scales),
      ] {
        let name = role.name(of: node.name)
        rewrite.graph.parameters[name]?.value.values = numbers.map { Float($0) }
      }
    }
  }
}

/// Some channels of a value at places of it.
private struct OutputPlaces: PlaceReader {
  let value: String
  let places: Int
  private let shape: Shape
  private let channels: Range<Int>

  var columns: Int { channels.count }

  init?(_ part: OutputFit.Part, in graph: Graph) {
    guard let shape = graph.shape(of: part.value) else { return nil }
    (value, channels) = (part.value, part.channels)
    self.shape = shape
    places = shape.spatialCount
  }

  func append(_ place: Int, of image: Int, _ tensor: Tensor, to rows: inout SampledRows) {
    for channel in channels {
      rows.values.append(tensor.values[(image * shape[1] + channel) * places + place])
    }
  }
}
