public import Settings
import Tensors

/// Keeps more of layers with few weights for their inputs and outputs, as edges of a random graph would lie.
///
/// **Formula**: `density = min(1, ε · Σ extents / Π extents)` of a weight
/// `[outputs, inputs of a group, rows, columns]`, with the one ε at which all layers together keep what they
/// are to keep.
public struct ErdosRenyiKernel: Allocation {
  /// The name in recipes: `erdos-renyi-kernel`.
  public static let name = "erdos-renyi-kernel"
  /// Weights in any grouping; shapes say nothing of channels.
  public static let kinds: Set<UnitKind> = [.element, .kernel, .block]
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "keep larger shares of layers with few weights per input and output (ERK)",
    description: """
      Small layers lose little and large ones much, by their shapes alone. Layers whose density would be above 1 \
      keep all weights, and the rest is divided again among the others, so that all layers together lose exactly the \
      sparsity.
      """,
    formula: """
      density = min(1, e·(n_in + n_out + k_h + k_w) / (n_in·n_out·k_h·k_w)), of linear layers \
      min(1, e·(n_in + n_out) / (n_in·n_out)), with the one e that keeps round((1 - s)·n) of all n weights
      """,
    paper: """
      Evci, Gale, Menick, Castro, Elsen, "Rigging the lottery: making all tickets winners", 2020, arXiv:1911.11134
      """)

  /// Creates it with its default settings.
  public init() {}
  /// There are no settings.
  public static var settings: [Setting<ErdosRenyiKernel>] { [] }

  /// Finds ε by bisection for each share, within the layers' bounds, then rounds to whole units.
  public func division(
    among layers: [AllocatedLayer], _ context: AllocationContext
  ) throws -> (Double) -> [Double] {
    let count = layers.reduce(0) { $0 + $1.count }
    let densities = layers.map { layer in
      let extents = layer.shape?.dimensions ?? [1]
      return Double(extents.reduce(0, +)) / Double(max(1, extents.reduce(1, *)))
    }
    return { share in
      let kept = Double(count) - (share * Double(count)).rounded()
      func keeping(_ factor: Double) -> [Double] {
        zip(layers, densities).map { layer, density in
          min(
            max(factor * density * Double(layer.count), Double(layer.count - layer.most)),
            Double(layer.count - layer.gone))
        }
      }
      // Layers keep more as the factor grows; above the inverse of the least density every layer is whole.
      var (low, high) = (0.0, 1 / (densities.min() ?? 1))
      for _ in 0..<200 {
        let middle = (low + high) / 2
        if keeping(middle).reduce(0, +) < kept { low = middle } else { high = middle }
      }
      return wholeShares(of: layers, losing: zip(layers, keeping(high)).map { Double($0.count) - $1 })
    }
  }
}

/// Rounds fractions of lost units to whole ones, so that their sum is the rounded sum of the fractions.
///
/// No layer is further than one unit from its fraction.
private func wholeShares(of layers: [AllocatedLayer], losing units: [Double]) -> [Double] {
  var sum = 0.0
  var whole = 0
  return zip(layers, units).map { layer, lost in
    sum += lost
    let next = Int((sum).rounded())
    defer { whole = next }
    // A sum of numbers without fractions may get one by rounding.
    let count = min(max(next - whole, layer.gone), layer.most)
    return Double(count) / Double(max(1, layer.count))
  }
}
