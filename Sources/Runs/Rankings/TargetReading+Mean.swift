extension TrialResult.TargetReading {
  /// The mean over seeds; it fits if every seed fits. `nil` without readings.
  init?(meanOf readings: [TrialResult.TargetReading]) {
    guard !readings.isEmpty else { return nil }
    self.init(
      flashBytes: readings.map(\.flashBytes).roundedMean, ramBytes: readings.map(\.ramBytes).roundedMean,
      latencyMs: readings.map(\.latencyMs).mean, energyMicrojoules: readings.map(\.energyMicrojoules).mean,
      basis: Set(readings.map(\.basis)).sorted().joined(separator: ","), low: readings.map(\.low).mean,
      high: readings.map(\.high).mean, fits: readings.allSatisfy(\.fits),
      reason: readings.first { !$0.fits }?.reason)
  }
}

extension [Double] {
  /// The arithmetic mean; 0 of nothing.
  var mean: Double { isEmpty ? 0 : reduce(0) { $0 + $1 / Double(count) } }
}

extension [Int] {
  /// The arithmetic mean, rounded. Sums are floats, as counts up to `TrialResult.largestCount` may come together.
  var roundedMean: Int { isEmpty ? 0 : Int((reduce(0.0) { $0 + Double($1) } / Double(count)).rounded()) }
}
