import Encodings
import Execution
import Graphs
import Ops
import Settings
import Tensors

/// Puts a whole network on integer grids; all methods that choose numbers share it.
///
/// It folds batch norms, calibrates the values that a device stores, and gives weights, biases and values
/// their encodings.
struct IntegerQuantization {
  /// The method's name, for messages.
  var method: String
  /// The grids of values, and the rules by which all grids are found.
  var grids: IntegerGrids
  /// Bits of weights by node; `nil` for nodes that stay real.
  var weightBits: (_ node: String) -> Int?
  /// The grids of a node's value if they differ in bits from `grids`.
  var valueGrids: (_ node: String) -> IntegerGrids? = { _ in nil }
  /// True if scales of values are powers of two.
  var valuesOnPowersOfTwo = false
  /// True if batch norms stay, to be folded later.
  ///
  /// Weights then get the grids that become those of the folded ones, without the floors that biases need.
  var keepsNorms = false
  /// True if weights that are on grids stay on them, provided that their biases fit.
  var keepsGrids = false
  /// True if steps of integer weights start where learned ones do, and not at those that fit best.
  var startsSteps = false
  /// False if other values are calibrated with the present encodings of values.
  var observesReal = true
  /// Encodings of values that are known already, by name.
  var knownValues: [String: IntegerValue] = [:]
  /// The encoding of a layer's weights and their scales, for numbers other than integers; `nil` takes
  /// integers.
  ///
  /// No scale may be below its channel's floor. Layers that share numbers need one scale for all channels.
  var weightNumbers: ((_ layer: String, Tensor, _ floors: [Float], _ sharesNumbers: Bool) -> ScaledNumbers?)?

  /// An encoding of weights as integers times a scale, one for each output channel or one for all.
  typealias ScaledNumbers = (encoding: any Encoding, scales: [Float])

  /// The network on integer grids; parameters of folded layers have no origin.
  ///
  /// Throws for gates, for other parameters without a form in integers, and for numbers without a finite
  /// scale.
  func rewrite(_ original: Graph, _ evidence: any Evidence) throws -> Rewrite {
    if let gate = original.nodes.first(where: { $0.op is ChannelGate }) {
      throw MethodError.impossible(
        method: method, node: gate.name,
        reason: "gates that choose channels image by image have no form in integers; leave channel-gates out")
    }
    let shipped = try folded(original)
    var graph = keepsNorms ? original : shipped
    let kept = Set(shipped.nodes.filter { $0.op is BatchNorm }.map(\.name))
    let producerOfNorm = Dictionary(
      original.foldableBatchNorms().filter { !kept.contains($0.norm) }.map { ($0.norm, $0.producer) },
      uniquingKeysWith: { first, _ in first })
    let real = realValues(shipped, producerOfNorm)
    let warning = try encodeValues(&graph, as: shipped, real: real, producerOfNorm, evidence)
    let foldedLater = keepsNorms ? Set(producerOfNorm.values) : []
    for node in graph.nodes where !graph.slots(of: node).isEmpty {
      let layer = producerOfNorm[node.name] ?? node.name
      guard let bits = weightBits(layer) else { continue }
      if foldedLater.contains(node.name) {
        try encodeWeights(of: node, in: &graph, bits: bits)
      } else if node.op is any ProductOp {
        try encodeParameters(of: node, calledBefore: layer, in: &graph, bits: bits)
      } else if node.op is Prototypes {
        try encodePrototypes(of: node, in: &graph, bits: bits)
      } else if !(node.op is BatchNorm) {
        // A norm that could not be folded stays real, and is lowered from its statistics.
        throw MethodError.impossible(
          method: method, node: node.name,
          reason: "\(node.op.kind) has parameters without a form in integers; leave this layer out")
      }
    }
    let new = graph.parameters.keys.filter { original.parameters[$0] == nil }
    var rewrite = Rewrite(inPlace: graph)
    for name in new { rewrite.origin[name] = nil }
    if let warning { rewrite.warnings.append(warning) }
    return rewrite
  }

  /// The network with its batch norms folded, but for those behind layers whose weights share numbers.
  ///
  /// Channels that a norm scales differently could not share numbers.
  func folded(_ graph: Graph) throws -> Graph {
    let shared = graph.nodes.map(\.name).filter {
      graph[.weight, of: $0]?.encoding.sharesNumbers == true
    }
    return try located(method) { try graph.foldingBatchNorms(keeping: Set(shared)) }
  }

  /// The values of nodes that the recipe leaves out, and of clamps that are fused into such nodes.
  private func realValues(_ graph: Graph, _ producerOfNorm: [String: String]) -> Set<String> {
    var real: Set<String> = []
    for node in graph.nodes {
      let isLeftOut = weightBits(producerOfNorm[node.name] ?? node.name) == nil
      if isLeftOut || (node.op.valueFlow != .computing && real.contains(node.inputs[0])) {
        real.insert(node.name)
      }
    }
    for input in graph.inputs {
      let readers = graph.nodes.filter { $0.inputs.contains(input.name) }
      if readers.allSatisfy({ real.contains($0.name) }) { real.insert(input.name) }
    }
    return real
  }

  /// Calibrates and encodes every value that the network stores as it ships; returns a warning about unequal
  /// channels.
  ///
  /// A node that only moves numbers takes over the encoding of its input.
  private func encodeValues(
    _ graph: inout Graph, as shipped: Graph, real: Set<String>, _ producerOfNorm: [String: String],
    _ evidence: any Evidence
  ) throws -> String? {
    let places = shipped.valuePlaces()
    let names = shipped.inputs.map(\.name) + shipped.nodes.map(\.name)
    graph.values = knownValues.filter { places[$0.key] == .stored && !real.contains($0.key) }
    let stored = names.filter { places[$0] == .stored && !real.contains($0) && graph.values[$0] == nil }
    let observed = stored.isEmpty ? [:] : try observed(stored, evidence)
    let edges = Set(graph.inputs.map(\.name) + graph.outputs)
    var makers: [String: [String]] = [:]
    for case (let maker, .fused(let clamp)) in places { makers[clamp, default: []].append(maker) }
    /// The bits that a recipe gives a value by a node that makes it: clamp, layer or norm.
    func ownBits(_ name: String) -> Int? {
      let nodes = [name] + (makers[name] ?? [])
      let layers = nodes + nodes.compactMap { producerOfNorm[$0] }
      return layers.compactMap { valueGrids($0)?.activationBits }.first { $0 != grids.activationBits }
    }
    // In the network's order, so that the first value in the way is named in every run.
    for name in stored {
      guard let numbers = observed[name] else { continue }
      // The range of outputs is never clamped: a tie at its end could change the answer.
      let rule = graph.outputs.contains(name) ? CalibrationRule.minmax : grids.calibration
      let bits = ownBits(name) ?? (edges.contains(name) ? grids.edgeBits : nil) ?? grids.activationBits
      guard bits > 1 || !grids.symmetric else {
        throw MethodError.impossible(
          method: method, node: name,
          reason:
            "one bit and the zero point 0 leave no positive number; leave symmetric off, or take two bits")
      }
      var encoding = rule.encoding(
        of: numbers, bits: bits, percentile: grids.percentile, symmetric: grids.symmetric)
      if valuesOnPowersOfTwo {
        encoding = encoding.onPowerOfTwo(
          numbers.histogram, clamps: rule != .minmax, symmetric: grids.symmetric)
      }
      if let problem = encoding.problem {
        throw MethodError.impossible(method: method, node: name, reason: "its values would get \(problem)")
      }
      graph.values[name] = encoding
    }
    for name in names {
      if case .alike(let source) = places[name], !real.contains(name) {
        graph.values[name] = graph.values[source]
      }
    }
    var named = shipped
    named.values = graph.values
    return UnequalChannels.warning(in: named, magnitudes: observed.mapValues(\.channelMagnitudes))
  }

  /// The calibration data of some values; throws if a value is not finite or none was seen.
  private func observed(
    _ values: [String], _ evidence: any Evidence
  ) throws -> [String: ObservedValues] {
    var observed = Dictionary(
      values.map { ($0, ObservedValues()) }, uniquingKeysWith: { first, _ in first })
    var poisoned: String?
    try evidence.forEachActivation(of: values, images: grids.images, real: observesReal) { batch in
      for name in values {
        guard let tensor = batch[name] else { continue }
        if observed[name]?.add(tensor) == false { poisoned = poisoned ?? name }
      }
    }
    if let poisoned {
      throw MethodError.impossible(method: method, node: poisoned, reason: "its values are not all finite")
    }
    if let name = values.first(where: { observed[$0]?.histogram.total == 0 }) {
      throw MethodError.evidence(
        method: method, reason: "\(name): no values were seen; calibration needs images")
    }
    return observed
  }

  /// Gives a layer integer weights, and a bias of 32 bits with the scale of the products.
  ///
  /// That scale is the input's times the weight's. `layer` is the layer's name before a norm was folded into
  /// it.
  private func encodeParameters(
    of node: Node, calledBefore layer: String, in graph: inout Graph, bits: Int
  ) throws {
    let weight = try located(method) { [graph] in try graph.parameter(.weight, of: node) }
    let bias = graph[.bias, of: node.name]
    let inputScale = (graph.storedEncoding(of: node.inputs[0]) as? IntegerValue)?.scale
    let channels = weight.value.shape[0]
    let floors =
      inputScale.map { scaleFloors(bias: bias, channels: channels, inputScale: $0) }
      ?? Array(repeating: 0, count: channels)
    let weightScales: [Float]
    if keepsGrids, let scales = weight.encoding.scalesOfNumbers,
      zip(scales, scales.count == 1 ? [floors.max() ?? 0] : floors).allSatisfy({ $0 >= $1 })
    {
      weightScales = scales
    } else {
      guard let numbers = numbers(of: weight, layer, bits: bits, floors: floors) else {
        throw outOfScale(node, "weights, or its bias in relation to its input,")
      }
      try setNumbers(numbers, of: node, in: &graph)
      weightScales = numbers.scales
    }
    guard let bias, let inputScale else { return }
    let scales = weightScales.map { $0 * inputScale }
    guard Integer.problem(bits: 32, scales: scales) == nil else {
      throw outOfScale(node, "weights times its input")
    }
    graph[.bias, of: node.name] = Parameter(bias.value, encoding: Integer(bits: 32, scales: scales))
  }

  /// Gives a layer whose norm is folded later the weights of the folded layer, up to a factor a channel.
  private func encodeWeights(of node: Node, in graph: inout Graph, bits: Int) throws {
    let weight = try located(method) { [graph] in try graph.parameter(.weight, of: node) }
    if keepsGrids, weight.encoding.scalesOfNumbers != nil { return }
    let floors = Array(repeating: Float.leastNormalMagnitude, count: weight.value.shape[0])
    guard let numbers = numbers(of: weight, node.name, bits: bits, floors: floors) else {
      throw outOfScale(node, "weights")
    }
    try setNumbers(numbers, of: node, in: &graph)
  }

  /// Quantizes prototypes to the grid of the features, or to the finest one coarser by a power of two that covers them.
  private func encodePrototypes(of node: Node, in graph: inout Graph, bits: Int) throws {
    let points = try located(method) { [graph] in try graph.parameter(.prototypes, of: node) }
    let bits = min(max(bits, 2), 16)
    var grid = Integer(bits: bits, covering: points.projected, perChannel: false)
    if let step = (graph.storedEncoding(of: node.inputs[0]) as? IntegerValue)?.scale {
      let largest = points.projected.values.reduce(Float(0)) { max($0, $1.magnitude) }
      let scales = (0...IntegerPrototypes.maximumShift).map {
        step * Float(sign: .plus, exponent: $0, significand: 1)
      }
      let reach = Float(Integer.limit(bits: bits)) + 0.5
      guard let scale = scales.first(where: { $0 * reach >= largest }),
        Integer.problem(bits: bits, scales: [scale]) == nil
      else { throw outOfScale(node, "prototypes, beside its input,") }
      grid = Integer(bits: bits, scales: [scale])
    }
    graph[.prototypes, of: node.name] = Parameter(
      points.projected, encoding: try points.encoding.replacingNumbers(with: grid, method, node.name))
  }

  /// Replaces the numbers of a layer's weight by an encoding.
  private func setNumbers(_ numbers: ScaledNumbers, of node: Node, in graph: inout Graph) throws {
    let weight = try located(method) { [graph] in try graph.parameter(.weight, of: node) }
    graph[.weight, of: node.name] = Parameter(
      weight.projected,
      encoding: try weight.encoding.replacingNumbers(with: numbers.encoding, method, node.name))
  }

  /// The encoding of a weight with its scales; `nil` if it has none with finite multiples.
  private func numbers(of weight: Parameter, _ layer: String, bits: Int, floors: [Float]) -> ScaledNumbers? {
    let sharesNumbers = weight.encoding.sharesNumbers
    if let weightNumbers { return weightNumbers(layer, weight.projected, floors, sharesNumbers) }
    let isPerChannel = (valueGrids(layer) ?? grids).perChannel && !sharesNumbers
    let grid = WeightGrid(
      bits: bits, perChannel: isPerChannel, minimizesError: grids.calibration == .mse,
      startsSteps: startsSteps && !sharesNumbers)
    return grid.encoding(of: weight.projected, floors: floors).map { ($0, $0.scales) }
  }

  /// The error for numbers whose integer multiples would not be finite.
  private func outOfScale(_ node: Node, _ what: String) -> MethodError {
    .impossible(
      method: method, node: node.name,
      reason:
        "its \(what) are too large for a scale whose multiples are finite; train with weight decay, or leave the layer out"
    )
  }

  /// The least weight scale of each channel with which the bias takes at most 2²⁹ steps.
  ///
  /// That is half of the range of sums, so that products have the other half.
  private func scaleFloors(bias: Parameter?, channels: Int, inputScale: Float) -> [Float] {
    // The product of both scales, that of the bias, must be a normal number too.
    let smallest = max(Float.leastNormalMagnitude / inputScale * 2, .leastNormalMagnitude)
    guard let bias else { return Array(repeating: smallest, count: channels) }
    return bias.value.values.map { max($0.magnitude / inputScale * 0x1p-29, smallest) }
  }
}
