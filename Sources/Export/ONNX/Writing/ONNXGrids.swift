import Encodings
import Graphs
import Ops

/// Which values of a graph are on integer grids in the file, and which clamps the grids make superfluous.
struct ONNXGrids {
  /// Whether any value has an encoding.
  let isQuantized: Bool
  /// Clamps that are not written: their grids end where they clamp, and what they read is fused into them.
  let redundantClamps: Set<String>
  /// By fused value, the clamp that takes it without a node of its own.
  let redundantClampReading: [String: String]
  private let encodings: [String: IntegerValue]

  /// Reads places and encodings off a graph.
  init(_ graph: Graph) {
    let places = graph.valuePlaces()
    var encodings: [String: IntegerValue] = [:]
    for (name, place) in places {
      if case .alike(let source) = place {
        encodings[name] =
          (graph.storedEncoding(of: name) ?? graph.storedEncoding(of: source)) as? IntegerValue
      } else {
        encodings[name] = graph.values[name] as? IntegerValue
      }
    }
    var reading: [String: String] = [:]
    for node in graph.nodes {
      guard case .fused(let clamp)? = places[node.name], encodings[node.name] == nil,
        let grid = encodings[clamp], let op = graph.node(named: clamp)?.op,
        (op as? any ONNXClamp)?.isImplied(by: grid) == true
      else { continue }
      reading[node.name] = clamp
    }
    self.encodings = encodings
    isQuantized = !encodings.isEmpty
    redundantClampReading = reading
    redundantClamps = Set(reading.values)
  }

  /// The grid of a value; `nil` where it is real.
  func encoding(of value: String) -> IntegerValue? { encodings[value] }
}

/// An op that bounds numbers.
protocol ONNXClamp: Op {
  /// The least number that it lets through.
  var lowerBound: Float { get }
  /// The greatest number that it lets through; infinity if any.
  var upperBound: Float { get }
}

extension ONNXClamp {
  /// Whether rounding to the grid clamps already as the op does: its ends are the op's bounds.
  func isImplied(by grid: IntegerValue) -> Bool {
    grid.integer(lowerBound) == grid.integers.lowerBound
      && (upperBound == .infinity || grid.integer(upperBound) == grid.integers.upperBound)
  }
}

extension ReLU: ONNXClamp {
  var lowerBound: Float { 0 }
  var upperBound: Float { .infinity }
}

extension ReLU6: ONNXClamp {
  var lowerBound: Float { 0 }
  var upperBound: Float { 6 }
}
