import Encodings
import Graphs
import Ops

/// The values of a graph that have integer grids in the file, and the clamps that these grids make redundant.
struct ONNXGrids {
  /// True if any value has an encoding.
  let isQuantized: Bool
  /// The clamps that are not written: their grids have the same bounds, and their inputs are fused into them.
  let redundantClamps: Set<String>
  /// For each fused value, the clamp that it replaces.
  let redundantClampReading: [String: String]
  private let encodings: [String: IntegerValue]

  /// Determines the grids of a graph's values.
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

  /// The grid of a value; `nil` for floats.
  func encoding(of value: String) -> IntegerValue? { encodings[value] }
}

/// An op that clamps numbers.
protocol ONNXClamp: Op {
  /// The lower bound.
  var lowerBound: Float { get }
  /// The upper bound; infinity where there is none.
  var upperBound: Float { get }
}

extension ONNXClamp {
  /// True if a grid has the op's bounds as its ends, so that rounding to it clamps too.
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
