import Tensors

extension SaliencyContext {
  /// The losses whose changes are computed.
  enum LossScope {
    /// The mean loss of each batch.
    case batches
    /// Each image's own loss.
    case images
  }

  /// Calls `body` with the sums of gradient times weight over the units of each set, for each batch or image.
  ///
  /// To first order the loss falls by these sums without the units.
  func forEachChange(
    of sets: [UnitSet], _ relation: UnitRelation, images: Int?, per scope: LossScope = .batches,
    _ body: ([[Double]]) -> Void
  ) throws {
    let weights = weights(of: sets, relation)
    func sum(_ gradients: [String: Tensor]) {
      body(
        sets.map { set in
          set.sums(relation) { name in
            guard let gradient = gradients[name], let weight = weights[name] else { return nil }
            return { Double(gradient.values[$0]) * Double(weight.values[$0]) }
          }
        })
    }
    switch scope {
    case .batches: try evidence.forEachGradient(images: images ?? self.images) { sum($0) }
    case .images: try evidence.forEachImageGradient(images: images ?? self.images) { sum($0) }
    }
  }

  /// The mean over batches or images of `term` of each change, by set and unit.
  func meanChanges(
    of sets: [UnitSet], _ relation: UnitRelation, images: Int?, per scope: LossScope = .batches,
    _ term: (_ set: Int, _ unit: Int, _ change: Double) -> Double
  ) throws -> [[Double]] {
    var totals = sets.map { Array(repeating: 0.0, count: $0.count) }
    var count = 0.0
    try forEachChange(of: sets, relation, images: images, per: scope) { changes in
      for (set, changes) in changes.enumerated() {
        for (unit, change) in changes.enumerated() { totals[set][unit] += term(set, unit, change) }
      }
      count += 1
    }
    guard count > 0 else { return totals }
    return totals.map { scores in scores.map { $0 / count } }
  }
}
