import Execution
import Graphs
import Methods
import Tensors

extension Graph {
  /// The numbers of a value for a batch of random images, by the reference backend.
  func output(_ value: String, batch: Int = 2, seed: UInt64 = 21) throws -> [Float] {
    var random = SeededRandom(seed: seed, purpose: "images")
    let count = inputs.reduce(0) { $0 + $1.shape.count } * batch
    let images = (0..<count).map { _ in random.uniform(in: -1...1) }
    let plan = try ReferenceBackend().compile(
      self, PlanOptions(batch: batch, mode: .inference, taps: [value]))
    plan.forward(images.span, key: 0)
    let tap = try plan.tap(value)
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }
}

/// The largest difference of two lists, divided by the largest magnitude of the first; infinite for unequal
/// lengths.
func relativeDistance(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  let scale = a.reduce(0) { max($0, abs($1)) }
  return zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } / scale
}

/// The sum of squared differences in double precision.
func squaredDistance(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { sum, pair in
    let difference = Double(pair.0) - Double(pair.1)
    return sum + difference * difference
  }
}

/// The result of applying a method once to a graph.
func compressed<M: CompressionMethod>(
  _ graph: Graph, by method: M, overrides: [String: M?] = [:], seed: UInt64 = 3
) throws -> Rewrite {
  var compression = Compression(
    method, graph: graph, random: SeededRandom(seed: seed, purpose: "compression"), overrides: overrides)
  let rewrite = try method.compress(&compression)
  try rewrite.graph.verify()
  return rewrite
}

/// A convolution kernel as a sum over channels of `expand · core · reduce`, in double precision.
func kernel(expand: Tensor, core: Tensor, reduce: Tensor) -> [Float] {
  let (filters, outer, inner, inputs) = (expand.shape[0], core.shape[0], core.shape[1], reduce.shape[1])
  let taps = core.shape.spatialCount
  var values: [Float] = []
  for filter in 0..<filters {
    for input in 0..<inputs {
      for tap in 0..<taps {
        var sum = 0.0
        for b in 0..<outer {
          for a in 0..<inner {
            sum +=
              Double(expand.values[filter * outer + b]) * Double(core.values[(b * inner + a) * taps + tap])
              * Double(reduce.values[a * inputs + input])
          }
        }
        values.append(Float(sum))
      }
    }
  }
  return values
}
