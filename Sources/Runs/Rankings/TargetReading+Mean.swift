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
    addDetails(of: readings)
  }

  /// What simulated targets have beyond: means of what every seed has, the widest range of cycles, the first note.
  private mutating func addDetails(of readings: [TrialResult.TargetReading]) {
    func mean(_ value: (TrialResult.TargetReading) -> Double?) -> Double? {
      let values = readings.compactMap(value)
      return values.count == readings.count ? values.mean : nil
    }
    let methods = Set(readings.compactMap(\.method))
    method = methods.isEmpty ? nil : methods.sorted().joined(separator: ",")
    energyLow = mean(\.energyLow)
    energyHigh = mean(\.energyHigh)
    energyPerDayJoules = mean(\.energyPerDayJoules)
    relativeError = readings.compactMap(\.relativeError).max()
    cycles = TrialResult.CycleRange(over: readings.map(\.cycles))
    memory = TrialResult.MemorySplit(meanOf: readings.map(\.memory))
    let simulated = readings.compactMap(\.imagesSimulated)
    imagesSimulated = simulated.isEmpty ? nil : simulated.reduce(0, +)
    imagesUnequal = simulated.isEmpty ? nil : readings.compactMap(\.imagesUnequal).reduce(0, +)
    note = readings.compactMap(\.note).first
  }
}

extension TrialResult.CycleRange {
  /// The range over seeds; `nil` where a seed has none.
  fileprivate init?(over ranges: [TrialResult.CycleRange?]) {
    let known = ranges.compactMap(\.self)
    guard known.count == ranges.count, let least = known.map(\.min).min(), let most = known.map(\.max).max()
    else { return nil }
    self.init(min: least, mean: known.map(\.mean).mean, max: most)
  }
}

extension TrialResult.MemorySplit {
  /// The rounded mean over seeds; `nil` where a seed has none.
  fileprivate init?(meanOf splits: [TrialResult.MemorySplit?]) {
    let known = splits.compactMap(\.self)
    guard known.count == splits.count, !known.isEmpty else { return nil }
    func mean(_ part: KeyPath<TrialResult.MemorySplit, Int>) -> Int {
      known.map { $0[keyPath: part] }.roundedMean
    }
    self.init(
      weightBytes: mean(\.weightBytes), codeBytes: mean(\.codeBytes), valueBytes: mean(\.valueBytes),
      variableBytes: mean(\.variableBytes), stackBytes: mean(\.stackBytes), marginBytes: mean(\.marginBytes))
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
