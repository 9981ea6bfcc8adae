import Graphs
import Tensors

extension WeightPruningMethod {
  /// All tensors after pruning: each to its share, or together with all of the same sparsity and criterion.
  static func pruned(
    _ candidates: [(weight: PrunedWeight, settings: Self)], _ compression: Compression<Self>
  ) throws -> [PrunedWeight] {
    var pools: [WeightPool] = []
    var places: [String: Int] = [:]
    for (place, sparsity) in try sparsities(candidates, compression).enumerated() {
      let (weight, settings) = candidates[place]
      guard settings.amount.scope.ranksAcrossLayers else {
        pools.append(WeightPool(sparsity: sparsity, weights: [weight]))
        continue
      }
      let key = "\(sparsity) \(SaliencyCatalogue.key(settings.criterion)) \(weight.units.kind)"
      if let pool = places[key] {
        pools[pool].weights.append(weight)
      } else {
        places[key] = pools.count
        pools.append(WeightPool(sparsity: sparsity, weights: [weight]))
      }
    }
    return pools.flatMap { $0.pruned() }
  }

  /// The share that each tensor is to lose now; tensors of one amount divide it among them.
  private static func sparsities(
    _ candidates: [(weight: PrunedWeight, settings: Self)], _ compression: Compression<Self>
  ) throws -> [Double] {
    var sparsities = candidates.map { $0.settings.amount.sparsity(at: compression.progress) }
    let keys = candidates.map(\.settings.amount.key)
    for (first, key) in keys.enumerated() where keys.firstIndex(of: key) == first {
      let members = keys.indices.filter { keys[$0] == key }
      let scope = candidates[first].settings.amount.scope
      let weights = members.map { candidates[$0].weight }
      let context = AllocationContext { layer, gone, images in
        let weight = weights[layer]
        let share = Double(gone) / Double(max(1, weight.elementCount))
        let pruned = WeightPool(sparsity: share, weights: [weight]).pruned()[0]
        var graph = compression.graph
        graph.parameters[weight.name] = graph.parameters[weight.name]?.masked(by: pruned.kept)
        return try compression.evidence.meanLoss(of: graph, images: images)
      }
      let layers = weights.map { weight in
        AllocatedLayer(
          name: weight.name, shape: compression.graph.parameters[weight.name]?.value.shape,
          count: weight.elementCount, gone: weight.prunedCount, most: weight.mostPruned)
      }
      let shares = try scope.division(among: layers, context)(sparsities[first])
      for (member, share) in zip(members, shares) { sparsities[member] = share }
    }
    return sparsities
  }
}
