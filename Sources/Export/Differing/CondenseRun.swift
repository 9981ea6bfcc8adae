import Encodings
public import Execution
public import Graphs
import Integers
public import Tensors

/// A network run by Condense: in integers where a device could compute so, else by a backend in 32-bit
/// floats.
public struct CondenseRun: ModelRun {
  private static let batch = 32

  private let graph: Graph
  private let arithmetic: InferenceArithmetic
  private let threads: Int

  /// Prepares a network.
  public init(_ graph: Graph, floats: any Backend, threads: Int) {
    self.graph = graph
    arithmetic = InferenceArithmetic(of: graph, floats: floats)
    self.threads = threads
  }

  /// The word `Condense` with the arithmetic.
  public var method: String { "Condense, in \(arithmetic.name)" }
  /// True if the network's values are integers.
  public var isInteger: Bool { graph.hasEncodedValues }

  /// The outputs of all images.
  public func outputs(of images: Tensor) throws -> [Float] {
    let count = images.shape[0]
    let size = min(Self.batch, count)
    let plan = try plan([graph.outputs[0]], batch: size)
    let tap = try plan.tap(graph.outputs[0])
    let elements = images.shape.count / count
    var outputs: [Float] = []
    for start in stride(from: 0, to: count, by: size) {
      let taken = min(size, count - start)
      var batch = Array(images.values[start * elements..<(start + taken) * elements])
      batch += Array(repeating: 0, count: (size - taken) * elements)
      outputs += numbers(of: tap, plan, batch).prefix(tap.count / size * taken)
    }
    return outputs
  }

  /// The values of all observable nodes for one image.
  public func layers(of image: Tensor) throws -> [RunLayer] {
    let names = observed
    let plan = try plan(names, batch: 1)
    let taps = try names.map { try plan.tap($0) }
    plan.forward(image.values.span, key: 0)
    return zip(names, taps).map { name, tap in
      let extents = (graph.shape(of: name) ?? []).dimensions.dropFirst()
      return RunLayer(
        name: name, shape: Shape(Array(extents)), values: Self.read(tap, plan),
        step: (graph.storedEncoding(of: name) as? IntegerValue)?.scale)
    }
  }

  /// The nodes whose values can be read: all in floats, but in integers only those that are stored.
  private var observed: [String] {
    let names = graph.nodes.map(\.name)
    guard isInteger else { return names }
    let places = graph.valuePlaces()
    return names.filter { places[$0] == .stored || $0 == graph.outputs[0] }
  }

  private func plan(_ taps: [String], batch: Int) throws -> any Plan {
    try arithmetic.backend.compile(
      graph, PlanOptions(batch: batch, mode: .inference, threads: threads, taps: taps))
  }

  private func numbers(of tap: TapID, _ plan: any Plan, _ batch: [Float]) -> [Float] {
    plan.forward(batch.span, key: 0)
    return Self.read(tap, plan)
  }

  private static func read(_ tap: TapID, _ plan: any Plan) -> [Float] {
    var numbers = [Float](repeating: 0, count: tap.count)
    var span = numbers.mutableSpan
    plan.readTap(tap, into: &span)
    return numbers
  }
}
