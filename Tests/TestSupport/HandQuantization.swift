public import Encodings
public import Execution
public import Graphs
import Ops
import Tensors

extension Graph {
  /// The graph with integers for everything that a device stores, made independently of the quantization
  /// methods.
  ///
  /// Ranges are the extremes over the images, weights have one scale for each output channel, and biases have
  /// the scale of the products.
  public func quantized(
    calibratedOn images: [Float], batch: Int, bits: Int = 8, weightBits: Int? = nil
  ) throws -> Graph {
    let plan = try ReferenceBackend().compile(
      self, PlanOptions(batch: batch, mode: .inference, taps: allNames))
    plan.forward(images.span, key: 0)
    var graph = self
    let places = valuePlaces()
    for name in allNames where places[name] == .stored {
      let values = try plan.numbers(name)
      let range = (values.min() ?? 0)...(values.max() ?? 0)
      graph.values[name] = IntegerValue(
        bits: bits, covering: min(range.lowerBound, 0)...max(range.upperBound, 0))
    }
    for name in allNames {
      if case .alike(let source) = places[name] { graph.values[name] = graph.values[source] }
    }
    for node in nodes where node.op is Conv2D || node.op is Linear {
      graph.quantizeParameters(of: node, bits: weightBits ?? bits)
    }
    for node in nodes where node.op is Prototypes {
      graph.quantizePrototypes(of: node, bits: weightBits ?? bits)
    }
    return graph
  }

  /// The graph of integers with power-of-two scales, made independently of the quantization methods.
  ///
  /// The scales of values are rounded up to powers of two. Weights are numbers of the level set, scaled so
  /// that the set covers the largest weight of each output channel; without a set they become signs.
  public func onPowersOfTwo(_ levels: LevelSet?) -> Graph {
    func power(_ scale: Float) -> Int {
      scale.significand > 1 ? Int(scale.exponent) + 1 : Int(scale.exponent)
    }
    var graph = self
    for (name, value) in values {
      guard let value = value as? IntegerValue else { continue }
      let scale = Float(sign: .plus, exponent: power(value.scale), significand: 1)
      let below = Int((-value.range.lowerBound / scale).rounded())
      graph.values[name] = IntegerValue(
        bits: value.bits, scale: scale, zeroPoint: value.integers.lowerBound + below)
    }
    for node in nodes where node.op is Conv2D || node.op is Linear {
      guard let weight = parameters["\(node.name).weight"]?.value,
        let input = graph.storedEncoding(of: node.inputs[0]) as? IntegerValue
      else { continue }
      let width = weight.values.count / weight.shape[0]
      let largest = (0..<weight.shape[0]).map { channel in
        weight.values[channel * width..<(channel + 1) * width].reduce(0) { max($0, $1.magnitude) }
      }
      let top = Float(levels.map { $0.magnitudes[$0.magnitudes.count - 1] } ?? 1)
      let exponents = largest.map { power($0 / top) }
      let scales = exponents.map { Float(sign: .plus, exponent: $0, significand: 1) }
      graph.parameters["\(node.name).weight"]?.encoding =
        levels.map { PowersOfTwo(levels: $0, exponents: exponents) } ?? Binary(scales: scales)
      graph.parameters["\(node.name).bias"]?.encoding = Integer(
        bits: 32, scales: scales.map { $0 * input.scale })
    }
    return graph
  }

  private mutating func quantizeParameters(of node: Node, bits: Int) {
    guard let weight = parameters["\(node.name).weight"],
      let input = storedEncoding(of: node.inputs[0]) as? IntegerValue
    else { return }
    let encoding = Integer(bits: bits, covering: weight.value, perChannel: true)
    parameters["\(node.name).weight"]?.encoding = encoding
    parameters["\(node.name).bias"]?.encoding = Integer(
      bits: 32, scales: encoding.scales.map { $0 * input.scale })
  }

  /// Points on the grid of what is compared with them, doubled until they are within its range.
  private mutating func quantizePrototypes(of node: Node, bits: Int) {
    let name = "\(node.name).prototypes"
    guard let points = parameters[name]?.value,
      let input = storedEncoding(of: node.inputs[0]) as? IntegerValue
    else { return }
    let largest = points.values.reduce(0) { max($0, $1.magnitude) }
    var scale = input.scale
    while scale * Float(Integer.limit(bits: bits)) < largest { scale *= 2 }
    parameters[name]?.encoding = Integer(bits: bits, scales: [scale])
  }

  /// The names of inputs and nodes, in order.
  public var allNames: [String] { inputs.map(\.name) + nodes.map(\.name) }
}

extension Plan {
  /// The numbers of a value, row-major with the batch first.
  public func numbers(_ value: String) throws -> [Float] {
    let tap = try tap(value)
    var numbers = Array(repeating: Float(0), count: tap.count)
    var span = numbers.mutableSpan
    readTap(tap, into: &span)
    return numbers
  }
}
