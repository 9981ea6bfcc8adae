import Readings

extension Reading {
  /// The mean over seeds of the figures that every seed has; `nil` without readings.
  ///
  /// It fits if every seed fits. Whole amounts are rounded. The ends of an interval are means of the ends; an
  /// interval of cycles, which is over images, takes the widest ends.
  init?(meanOf readings: [Reading]) {
    guard let first = readings.first else { return nil }
    self = Reading(basis: .modelled, [:], fits: readings.allSatisfy(\.fits))
    bases = readings.reduce(into: []) { $0.formUnion($1.bases) }
    reason = readings.first { !$0.fits }?.reason
    for resource in first.resources {
      figures[resource] = Figure(meanOf: readings.map { $0[resource] }, resource)
    }
    let methods = Set(readings.compactMap(\.method))
    method = methods.isEmpty ? nil : methods.sorted().joined(separator: ",")
    relativeError = readings.compactMap(\.relativeError).max()
    memory = Memory(meanOf: readings.map(\.memory))
    let simulated = readings.compactMap(\.imagesSimulated)
    imagesSimulated = simulated.isEmpty ? nil : simulated.reduce(0, +)
    imagesUnequal = simulated.isEmpty ? nil : readings.compactMap(\.imagesUnequal).reduce(0, +)
    note = readings.compactMap(\.note).first
    let unpruned = readings.compactMap(\.unpruned)
    if unpruned.count == readings.count {
      self.unpruned = Unpruned(
        flashBytes: unpruned.map(\.flashBytes).roundedMean, latencyMs: unpruned.map(\.latencyMs).mean)
    }
  }
}

extension Figure {
  /// The mean over seeds; `nil` where a seed has none.
  fileprivate init?(meanOf figures: [Figure?], _ resource: Resource) {
    let known = figures.compactMap(\.self)
    guard known.count == figures.count, !known.isEmpty else { return nil }
    func end(_ end: KeyPath<Figure, Double?>, widest: ([Double]) -> Double?) -> Double? {
      let ends = known.compactMap { $0[keyPath: end] }
      guard ends.count == known.count else { return nil }
      return resource == .cycles ? widest(ends) : ends.mean
    }
    let mean = known.map(\.value).mean
    self.init(
      resource.unit.isWhole ? mean.rounded() : mean, low: end(\.low) { $0.min() },
      high: end(\.high) { $0.max() })
  }
}

extension Reading.Memory {
  /// The rounded mean over seeds; `nil` where a seed has none.
  fileprivate init?(meanOf splits: [Reading.Memory?]) {
    let known = splits.compactMap(\.self)
    guard known.count == splits.count, !known.isEmpty else { return nil }
    func mean(_ part: KeyPath<Reading.Memory, Int>) -> Int {
      known.map { $0[keyPath: part] }.roundedMean
    }
    self.init(
      weightBytes: mean(\.weightBytes), codeBytes: mean(\.codeBytes), valueBytes: mean(\.valueBytes),
      variableBytes: mean(\.variableBytes), stackBytes: mean(\.stackBytes), marginBytes: mean(\.marginBytes))
  }
}

extension [Double] {
  /// The arithmetic mean; 0 for an empty array.
  var mean: Double { isEmpty ? 0 : reduce(0) { $0 + $1 / Double(count) } }
}

extension [Int] {
  /// The arithmetic mean, rounded; 0 for an empty array.
  ///
  /// The sum is a float: counts up to `ResultCheck.largestCount` could overflow an integer.
  var roundedMean: Int { isEmpty ? 0 : Int((reduce(0.0) { $0 + Double($1) } / Double(count)).rounded()) }
}
