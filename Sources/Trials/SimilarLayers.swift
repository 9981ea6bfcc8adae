import Foundation
import Graphs
import Methods
import Settings
import Tensors

/// Layers of similar size and distribution of weights: `similar:1/3` names the first of three groups, counted in the network's order.
///
/// The layers that a method applies to are joined pair by pair, nearest groups first, until as many groups are left as are asked for.
///
/// **Formula** the distance of two layers is `|log₁₀ n_a - log₁₀ n_b| + mean_q |Q_a(q) - Q_b(q)|`, n being their numbers of weights and Q the
/// quantiles of `|w| / σ`, σ the standard deviation of the layer's weights (thirty-two of them; the mean is the Wasserstein distance
/// of the histograms); of groups, the mean over pairs of their layers.
package struct SimilarLayers: Equatable {
  /// Which group, counted from 1.
  let place: Int
  /// How many groups there are.
  let count: Int

  private static let prefix = "similar:"
  private static let quantiles = 32
  /// The most groups that may be asked for.
  package static let maximum = 100

  /// One of the groups.
  init(_ place: Int, of count: Int) { (self.place, self.count) = (place, count) }

  /// Reads `similar:1/3`; `nil` for any other pattern, and for places that there are not.
  init?(_ pattern: LayerPattern) {
    guard Self.isMeant(by: pattern) else { return nil }
    let numbers = pattern.text.dropFirst(Self.prefix.count).split(
      separator: "/", omittingEmptySubsequences: false)
    guard numbers.count == 2, let place = Int(numbers[0]), let count = Int(numbers[1]),
      1...Self.maximum ~= count, 1...count ~= place
    else { return nil }
    self.init(place, of: count)
  }

  /// Whether a pattern says `similar:`, rightly or not.
  static func isMeant(by pattern: LayerPattern) -> Bool { pattern.text.hasPrefix(prefix) }

  /// As a recipe writes it.
  var text: String { "\(Self.prefix)\(place)/\(count)" }

  /// Sorts layers, tied ones together, into a number of groups; as many as there are layers where that is fewer.
  static func groups(_ layers: [[String]], in graph: Graph, count: Int) -> [[String]] {
    let traits = layers.map { Traits(of: $0, in: graph) }
    var groups = layers.indices.map { [$0] }
    while groups.count > count {
      var nearest = (distance: Double.infinity, first: 0, second: 1)
      for first in groups.indices {
        for second in groups.indices where second > first {
          let pairs = groups[first].flatMap { a in groups[second].map { traits[a].distance(to: traits[$0]) } }
          let distance = pairs.reduce(0, +) / Double(pairs.count)
          if distance < nearest.distance { nearest = (distance, first, second) }
        }
      }
      groups[nearest.first] = (groups[nearest.first] + groups.remove(at: nearest.second)).sorted()
    }
    // A group stands where its first layer does, as joining keeps the order of first members.
    return groups.map { $0.flatMap { layers[$0] } }
  }

  /// What makes layers similar.
  struct Traits {
    /// The logarithm of the number of weights.
    let size: Double
    /// Quantiles of the absolute weights over their standard deviation; none where weights are not known.
    let quantiles: [Double]

    init(of layers: [String], in graph: Graph) {
      var count = 0
      var weights: [Float] = []
      for slot in layers.compactMap({ graph.node(named: $0) }).flatMap({ graph.slots(of: $0) })
      where slot.slot.isTrainable && slot.slot.decays {
        count += slot.slot.shape.count
        weights += graph.parameters[slot.name]?.projected.values ?? []
      }
      size = log10(Double(max(count, 1)))
      let mean = weights.reduce(0) { $0 + Double($1) } / Double(max(weights.count, 1))
      let squares = weights.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
      let deviation = (squares / Double(max(weights.count, 1))).squareRoot()
      let sorted = weights.map { Double(abs($0)) }.sorted()
      let all = SimilarLayers.quantiles
      quantiles =
        deviation > 0
        ? (0..<all).map { sorted[(2 * $0 + 1) * sorted.count / (2 * all)] / deviation } : []
    }

    func distance(to other: Traits) -> Double {
      let differences = zip(quantiles, other.quantiles).map { abs($0 - $1) }
      return abs(size - other.size) + differences.reduce(0, +) / Double(max(differences.count, 1))
    }
  }
}

extension MethodChoice {
  /// The choice with the names of layers in place of what means similar ones, as the network has them when the stage begins. Layers
  /// that other overrides leave out are in no group.
  func resolvingSimilar(in graph: Graph) throws -> MethodChoice {
    guard overrides.contains(where: { $0.patterns.contains(where: SimilarLayers.isMeant) }) else {
      return self
    }
    var plain = self
    plain.overrides.removeAll { $0.patterns.contains(where: SimilarLayers.isMeant) }
    let layers = try plain.layers(of: graph)
    var known: [Int: [[String]]] = [:]
    var resolved = self
    for place in overrides.indices {
      resolved.overrides[place].patterns = try overrides[place].patterns.flatMap {
        pattern -> [LayerPattern] in
        guard let similar = SimilarLayers(pattern) else { return [pattern] }
        guard similar.count <= layers.count else {
          throw MethodError.impossible(
            method: name, node: pattern.text,
            reason: "its \(layers.count) layers make no \(similar.count) groups; ask for fewer")
        }
        let groups =
          known[similar.count] ?? SimilarLayers.groups(layers, in: graph, count: similar.count)
        known[similar.count] = groups
        return groups[similar.place - 1].map { LayerPattern($0) }
      }
    }
    return resolved
  }
}
