import Graphs
import LinearAlgebra
import Ops
import Settings
import Tensors

/// Fits layers of a changed network, one after another, to the outputs of the layers that they replace.
///
/// Targets are outputs of the network before. Inputs are those that the changed network gives the layers, so
/// a fit corrects the errors of earlier layers.
///
/// **Formula**: `min over W of ‖Y - X·W‖² + e·‖W - W₀‖²` with Y the old layer's outputs at sampled places, X
/// the new layer's inputs there, W₀ the weights before, and `e = ridge · mean diagonal of XᵀX`. A bias is
/// fitted too.
///
/// **Paper**: Zhang, Zou, He, Sun, "Accelerating very deep convolutional networks for classification and
/// detection", 2016, arXiv:1505.06798 (asymmetric reconstruction).
public struct OutputFit: Sendable {
  /// Training images to look at; 256 by default.
  public var images = 256
  /// Places of each layer's output that are sampled in each image; ten by default.
  public var places = 10
  /// The strength that holds fitted weights near their start, relative to the mean square of inputs.
  public var ridge = 1e-3

  /// Takes 256 images and ten places of each.
  public init() {}

  /// Settings: `images`, `places`, `ridge`.
  static func settings<Owner>(_ path: WritableKeyPath<Owner, OutputFit>) -> [Setting<Owner>] {
    [
      Setting(
        "images", path.appending(path: \.images), in: 1...1_000_000,
        "training images for the fit of reconstruct"
      ).omittedAsDefault(),
      Setting(
        "places", path.appending(path: \.places), in: 1...4096,
        "places of a layer's output that the fit samples in each image"
      ).omittedAsDefault(),
      Setting(
        "ridge", path.appending(path: \.ridge), in: 1e-6...1e3,
        "strength that holds fitted weights near their old values, in units of the inputs' mean square"
      ).omittedAsDefault(),
    ]
  }

  /// A layer to fit, and the channels of a value of the network before that it makes.
  struct Part {
    /// The value in the network before.
    let value: String
    /// The layer in the changed network.
    let layer: String
    /// The channels of the value that the layer makes.
    let channels: Range<Int>
  }

  /// The changed network with its parts fitted in the order given, which must be the network's.
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
        // Fitted weights are new: moments of the old ones do not belong to them.
        fitted.graph.parameters[name]?.value = tensor
        fitted.origin[name] = nil
      }
    }
    return fitted
  }

  /// Gives new batch norms before a layer the statistics of their inputs, and a scale and shift that undo
  /// them.
  ///
  /// So they change nothing, in training as in inference, until training moves them. A norm is new if its
  /// scale has no origin.
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

/// Reads some channels of a value at places of it.
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
