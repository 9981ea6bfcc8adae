import Foundation
import Graphs
import Methods
import Settings
import Tensors

/// A group of layers of similar size and weight distribution: `similar:1/3` is the first of three groups in
/// the network's order.
///
/// The layers that a method applies to are merged pair by pair, nearest groups first, until the requested
/// number of groups is left (average linkage).
///
/// **Formula** the distance of two layers is `|log₁₀ n_a - log₁₀ n_b| + mean_q |Q_a(q) - Q_b(q)|`. n is the
/// number of weights, and Q the 32 quantiles of `|w| / σ`, with σ the standard deviation of the layer's
/// weights; the mean is the Wasserstein distance of the distributions. The distance of two groups is the mean
/// over pairs of their layers.
package struct SimilarLayers: Equatable {
  /// The number of the group, from 1.
  let place: Int
  /// The number of groups.
  let count: Int

  private static let prefix = "similar:"
  private static let quantiles = 32
  /// The largest number of groups.
  package static let maximum = 100

  /// Makes the group `place` of `count`.
  init(_ place: Int, of count: Int) { (self.place, self.count) = (place, count) }

  /// Reads `similar:1/3`; `nil` for any other pattern, and for a group outside the range.
  init?(_ pattern: LayerPattern) {
    guard Self.isMeant(by: pattern) else { return nil }
    let numbers = pattern.text.dropFirst(Self.prefix.count).split(
      separator: "/", omittingEmptySubsequences: false)
    guard numbers.count == 2, let place = Int(numbers[0]), let count = Int(numbers[1]),
      1...Self.maximum ~= count, 1...count ~= place
    else { return nil }
    self.init(place, of: count)
  }

  /// True if a pattern begins with `similar:`, even if the rest is wrong.
  static func isMeant(by pattern: LayerPattern) -> Bool { pattern.text.hasPrefix(prefix) }

  /// The text in recipes.
  var text: String { "\(Self.prefix)\(place)/\(count)" }

  /// Merges layers, with tied ones as one, into `count` groups, or one group per layer where there are fewer.
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
    // Merging keeps the order of the groups' first members, so groups are sorted by their first layers.
    return groups.map { $0.flatMap { layers[$0] } }
  }

  /// The features of a layer that are compared.
  struct Traits {
    /// The decimal logarithm of the number of weights.
    let size: Double
    /// The quantiles of the absolute weights over their standard deviation; empty where weights are unknown.
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
  /// The choice with names of layers in place of `similar:` patterns, for the network at the start of the
  /// stage.
  ///
  /// Layers that other overrides exclude are in no group.
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
            reason: "its \(layers.count) layers cannot form \(similar.count) groups; ask for fewer")
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
