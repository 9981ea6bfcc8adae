import Encodings
import Graphs
import Ops
public import Settings
import Tensors

/// The cost by which layers get different widths.
public enum BitAllocation: String, Sendable, SettingChoice {
  /// The measured loss of the network in which the layer alone is rounded.
  case loss
  /// Half the mean of the Hessian's diagonal over the layer's weights times their squared error.
  case hessianTrace = "hessian-trace"

  /// Losses, with which the result is compared to one width for all, and products of the Hessian for its
  /// trace.
  var evidence: Set<EvidenceKind> { self == .loss ? [.losses] : [.losses, .hessianProducts] }
}

/// Gives each layer of weights the width with which all together cost the network least, for a mean width.
///
/// **Formula**: the widths b_l from a list minimize `Σ_l cost(l, b_l)` with `Σ_l n_l·b_l ≤ mean·Σ_l n_l`, n_l
/// being a layer's weights. By loss, `cost = loss(layer l alone on its grid of b bits) - loss(now)`. By the
/// Hessian, `cost = ½ · trace(H_l)/n_l · ‖w_l - ŵ_l‖²`; the trace is the sum of the diagonal that
/// `Evidence.hessianDiagonal` estimates. The minimum is found layer by layer, from all joint choices that no
/// other one beats in both size and cost.
///
/// **Papers**: Dong, Yao, Arfeen, Gholami, Mahoney, Keutzer, "HAWQ-V2: Hessian aware trace-weighted
/// quantization of neural networks", NeurIPS 2020, arXiv:1911.03852; Shoham, Gersho, "Efficient bit
/// allocation for an arbitrary set of quantizers", 1988, doi:10.1109/29.90373.
struct MixedPrecision {
  /// A layer whose width is to be found.
  struct Layer {
    /// The layer's name in the network as it is.
    let name: String
    /// The layer's name in the folded network.
    let folded: String
    let count: Int
  }

  /// Random directions by which traces are estimated.
  static let probes = 16

  /// The method's name, for messages.
  let method: String
  let grids: IntegerGrids
  let meanBits: Double
  let evidence: any Evidence

  /// A width for each layer, and a warning if there is one.
  ///
  /// All layers get one width if the mean allows the largest, or if the network with different widths has a
  /// larger loss. Throws if the mean is below the smallest width. `fixed` holds widths of other layers, by
  /// name in the folded network.
  func widths(
    of layers: [Layer], in graph: Graph, folded: Graph, fixed: [String: Int], _ random: inout SeededRandom
  ) throws -> (bits: [String: Int], warning: String?) {
    guard !layers.isEmpty else { return ([:], nil) }
    if let most = grids.widths.max(), meanBits >= Double(most) {
      return (
        Dictionary(uniqueKeysWithValues: layers.map { ($0.name, most) }),
        "meanBits \(Self.text(meanBits)) is not below the largest of the widths, \(most): all layers have \(most) bits; "
          + "lower it, or add larger ones to \"widths\""
      )
    }
    let total = layers.reduce(0) { $0 + $1.count }
    let budget = Int((meanBits * Double(total)).rounded(.down))
    let costs =
      switch grids.allocation {
      case .loss: try measuredCosts(of: layers, folded)
      case .hessianTrace: try curvatureCosts(of: layers, graph, &random)
      }
    let choices = zip(layers, costs).map { layer, costs in
      zip(grids.widths, costs).map { BitChoice(bits: $0, size: layer.count * $0, cost: $1) }
    }
    guard let chosen = BitChoice.cheapest(choices, budget: budget) else {
      throw MethodError.impossible(
        method: method, node: "meanBits",
        reason: "\(meanBits) is below the smallest of the widths \(grids.widths)")
    }
    let mixed = Dictionary(uniqueKeysWithValues: zip(layers.map(\.name), chosen))
    // Layers were judged one by one: together they may do worse than all of one width.
    guard let same = grids.widths.last(where: { Double($0) <= meanBits }) else { return (mixed, nil) }
    let uniform = mixed.mapValues { _ in same }
    guard mixed != uniform else { return (mixed, nil) }
    func loss(_ bits: [String: Int]) throws -> Double {
      var changed = folded
      for layer in layers { try round(layer.folded, to: bits[layer.name] ?? same, in: &changed) }
      for (name, bits) in fixed { try round(name, to: bits, in: &changed) }
      return try evidence.meanLoss(of: changed, images: grids.images)
    }
    let (own, others) = (try loss(mixed), try loss(uniform))
    guard others < own else { return (mixed, nil) }
    return (
      uniform,
      "with different widths the loss is \(Self.text(own)), with \(same) bits for all layers it is "
        + "\(Self.text(others)): all layers have \(same) bits"
    )
  }

  /// A number with four decimals.
  private static func text(_ loss: Double) -> String { "\((loss * 10_000).rounded() / 10_000)" }

  /// The rise of the loss when a layer alone is rounded, by layer and width.
  private func measuredCosts(of layers: [Layer], _ folded: Graph) throws -> [[Double]] {
    let now = try evidence.meanLoss(of: folded, images: grids.images)
    return try layers.map { layer in
      try grids.widths.map { bits in
        var changed = folded
        try round(layer.folded, to: bits, in: &changed)
        let loss = try evidence.meanLoss(of: changed, images: grids.images)
        // A loss that is not finite counts as large, yet sums of such costs stay finite.
        return loss.isFinite ? loss - now : .greatestFiniteMagnitude.squareRoot()
      }
    }
  }

  /// The change of the loss by a quadratic form with one curvature a layer, by layer and width.
  private func curvatureCosts(
    of layers: [Layer], _ graph: Graph, _ random: inout SeededRandom
  ) throws -> [[Double]] {
    let names = layers.map { ParameterRole.weight.name(of: $0.name) }
    var weights: [String: Tensor] = [:]
    for name in names { weights[name] = graph.parameters[name]?.projected }
    let diagonal = try evidence.hessianDiagonal(
      by: names, of: weights, probes: Self.probes, images: grids.images, random: &random)
    let traces = names.map { diagonal[$0]?.reduce(0, +) ?? 0 }
    return zip(layers, traces).map { layer, trace in
      guard let weight = graph[.weight, of: layer.name]?.projected else { return grids.widths.map { _ in 0 } }
      // Away from a minimum a trace may be negative, but rounding makes no layer better.
      let curvature = max(trace, 0) / Double(max(layer.count, 1))
      return grids.widths.map { bits in
        guard let rounded = rounded(weight, to: bits) else { return .greatestFiniteMagnitude.squareRoot() }
        let error = zip(weight.values, rounded.values).reduce(0.0) { sum, pair in
          let difference = Double(pair.0) - Double(pair.1)
          return sum + difference * difference
        }
        return curvature * error / 2
      }
    }
  }

  /// Replaces a layer's weight by its rounded values; throws if these have no scale.
  private func round(_ layer: String, to bits: Int, in graph: inout Graph) throws {
    guard let weight = graph[.weight, of: layer] else { return }
    guard let rounded = rounded(weight.projected, to: bits) else {
      throw MethodError.impossible(
        method: method, node: layer,
        reason: "its weights are too large for a scale; train with weight decay, or leave the layer out")
    }
    graph[.weight, of: layer] = Parameter(rounded)
  }

  /// The weight rounded to a width; `nil` if it has no scale.
  private func rounded(_ weight: Tensor, to bits: Int) -> Tensor? {
    let grid = WeightGrid(
      bits: bits, perChannel: grids.perChannel, minimizesError: grids.calibration == .mse)
    let floors = Array(repeating: Float.leastNormalMagnitude, count: weight.shape[0])
    return grid.encoding(of: weight, floors: floors).map { Parameter(weight, encoding: $0).projected }
  }
}

/// A width that a layer may have.
struct BitChoice: Equatable {
  let bits: Int
  /// Bits of all weights of the layer.
  let size: Int
  /// The cost to the network.
  let cost: Double

  /// One choice of several layers.
  private struct Joint {
    let size: Int
    let cost: Double
    /// The bits of the last layer.
    let bits: Int
    /// The place of the joint choice of the layers before it.
    let before: Int
  }

  /// The most joint choices that are carried from layer to layer; with more, sizes that are nearly equal
  /// count as equal.
  private static let most = 20_000

  /// The bits of each layer with the least sum of costs whose sizes sum up to the budget at most.
  ///
  /// Of equal sums the smaller is taken. `nil` if no choice is small enough.
  static func cheapest(_ layers: [[BitChoice]], budget: Int) -> [Int]? {
    var fronts: [[Joint]] = [[Joint(size: 0, cost: 0, bits: 0, before: 0)]]
    // The least size of the layers that follow.
    let least = layers.map { $0.map(\.size).min() ?? 0 }
    var rest = least.reduce(0, +)
    for (place, choices) in layers.enumerated() {
      rest -= least[place]
      var joined: [Joint] = []
      for (index, before) in fronts[place].enumerated() {
        for choice in choices where before.size + choice.size + rest <= budget {
          joined.append(
            Joint(
              size: before.size + choice.size, cost: before.cost + choice.cost, bits: choice.bits,
              before: index))
        }
      }
      fronts.append(front(joined))
      guard !fronts[place + 1].isEmpty else { return nil }
    }
    // A front's costs fall as sizes grow, so the last choice is the cheapest.
    var index = fronts[layers.count].count - 1
    var bits: [Int] = []
    for place in layers.indices.reversed() {
      let joint = fronts[place + 1][index]
      bits.append(joint.bits)
      index = joint.before
    }
    return bits.reversed()
  }

  /// The joint choices of which no other is as small and as cheap, in rising size.
  private static func front(_ joints: [Joint]) -> [Joint] {
    var kept: [Joint] = []
    let sorted = joints.sorted { ($0.size, $0.cost, $0.before) < ($1.size, $1.cost, $1.before) }
    for joint in sorted where joint.cost < kept.last?.cost ?? .infinity { kept.append(joint) }
    guard kept.count > most, let first = kept.first, let last = kept.last else { return kept }
    // Keep the cheapest of each of `most` equal ranges of size, which is its last.
    let width = max((last.size - first.size) / most, 1)
    var thinned: [Joint] = []
    for (index, joint) in kept.enumerated() {
      let isLast = index + 1 == kept.count || kept[index + 1].size / width != joint.size / width
      if isLast || index == 0 { thinned.append(joint) }
    }
    return thinned
  }
}
