import Encodings
public import Execution
public import Graphs
import Ops
import Tensors

extension Graph {
  /// The graph with bytes for all that a device stores: ranges from least to greatest over some images, weights a scale each
  /// output channel, biases in the products' scale. Independent of the methods of quantization.
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
