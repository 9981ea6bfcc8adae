import Foundation
import Readings
import Settings

/// Fits two constants of a profile, the cycles and the energy per cycle, to measurements on a real board.
///
/// **Fit** the factor on cycles minimizes `Σ (ln tᵢ − ln(a · t̂ᵢ))²`, so `a = exp(mean ln(tᵢ / t̂ᵢ))`. The
/// energy per cycle, or the power in watts, is fitted likewise to `Eᵢ / (tᵢ · f)`.
///
/// **Interval** the next board's measurement lies within `exp(± t · s · √(1 + 1/n))` of the fit in 95 % of
/// cases, where s is the standard deviation of the logarithms. An interval wider than the profile's is not
/// used.
public struct ProfileRefit: Sendable, Equatable {
  /// A fitted factor and the spread of measurements about it.
  public struct Fit: Sendable, Equatable {
    /// The fitted value.
    public var value: Double
    /// The factor by which a further measurement may be lower or higher; `nil` for a single measurement.
    public var spread: Double?
    /// The number of measurements.
    public var count: Int

    /// Fits positive numbers; `nil` without any.
    public init?(_ values: [Double]) {
      guard !values.isEmpty else { return nil }
      let logarithms = values.map { log($0) }
      let mean = logarithms.reduce(0, +) / Double(values.count)
      value = exp(mean)
      count = values.count
      guard values.count > 1 else { return }
      let freedom = values.count - 1
      let variance = logarithms.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(freedom)
      spread = exp(Self.quantile(freedom) * (variance * (1 + 1 / Double(values.count))).squareRoot())
    }

    /// The 97.5 % quantile of Student's t; approximate beyond the table.
    private static func quantile(_ freedom: Int) -> Double {
      freedom <= table.count ? table[freedom - 1] : 1.96 + 2.5 / Double(freedom)
    }

    private static let table = [
      12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
      2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048,
      2.045, 2.042,
    ]
  }

  /// The fit of measured latencies to the analytic estimate.
  public var analytic: Fit?
  /// The fit of measured latencies to the simulation's.
  public var simulated: Fit?
  /// The fit of the energy: nanojoules per cycle, or watts.
  public var energy: Fit?

  /// Fits measurements, each with the profile's estimates in ms, analytic and simulated.
  public init(
    _ entries: [(entry: BoardReadings.Entry, analyticMs: Double?, simulatedMs: Double?)],
    of profile: TargetProfile
  ) {
    let measured = entries.compactMap { entry, analytic, simulated in
      entry.reading[.latency].map {
        (ms: $0.value, energy: entry.reading[.energy]?.value, analytic, simulated)
      }
    }
    func ratio(_ latency: Double, _ estimate: Double?) -> Double? {
      estimate.flatMap { $0 > 0 ? latency / $0 : nil }
    }
    analytic = Fit(measured.compactMap { ratio($0.ms, $0.2) })
    simulated = Fit(measured.compactMap { ratio($0.ms, $0.3) })
    energy = Fit(
      measured.compactMap { item in
        item.energy.map { energy in
          profile.watts == nil ? energy / (item.ms * profile.clockMHz.value) : energy / (item.ms * 1000)
        }
      })
  }

  /// The profile with fitted constants; `source` describes the origin of the measurements.
  public func refitted(_ profile: TargetProfile, source: String) -> TargetProfile {
    var result = profile
    if let analytic {
      let words = Self.words(analytic, source)
      for index in result.operations.indices {
        result.operations[index].cycles *= analytic.value
        result.operations[index].source += "; times \(Self.short(analytic.value)): \(words)"
      }
      for index in result.elements.indices {
        result.elements[index].cycles *= analytic.value
        result.elements[index].source += "; times \(Self.short(analytic.value)): \(words)"
      }
      if let spread = analytic.spread {
        result.latencyLow = Self.narrower(result.latencyLow, 1 / spread, isLower: true, words)
        result.latencyHigh = Self.narrower(result.latencyHigh, spread, isLower: false, words)
      }
    }
    if let simulated {
      result.simulator = result.simulator?.refitted(simulated, Self.words(simulated, source))
    }
    if let energy { result.refitEnergy(energy, Self.words(energy, source)) }
    return result
  }

  static func words(_ fit: Fit, _ source: String) -> String {
    "fitted to \(fit.count) reading\(fit.count == 1 ? "" : "s") of \(source)"
  }

  static func short(_ value: Double) -> String { String(format: "%.4g", value) }

  /// The new bound of an interval where it is narrower than the old one.
  static func narrower(_ old: Sourced, _ new: Double, isLower: Bool, _ words: String) -> Sourced {
    (isLower ? new > old.value : new < old.value) ? Sourced(new, source: words) : old
  }
}

extension TargetProfile {
  fileprivate mutating func refitEnergy(_ fit: ProfileRefit.Fit, _ words: String) {
    if watts == nil {
      nanojoulesPerCycle = Sourced(fit.value, source: words)
    } else {
      watts = Sourced(fit.value, source: words)
    }
    if let spread = fit.spread {
      energyFactor = ProfileRefit.narrower(energyFactor, spread, isLower: false, words)
    }
  }

  /// The profile as YAML, with one line for each setting and each entry of a list, and `comment` at the top.
  public func yaml(comment: String) -> String {
    var lines = ["# " + comment.replacing("\n", with: " ")]
    guard case .mapping(let entries) = node.content else { return "" }
    for entry in entries where entry.value.content != .null { lines += entry.value.yamlLines(entry.key, "") }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension SettingsNode {
  /// `key: value` as lines of YAML: lists of mappings and mappings of lists on several lines, the rest as
  /// JSON.
  fileprivate func yamlLines(_ key: String, _ margin: String) -> [String] {
    switch content {
    case .list(let items) where items.contains(where: { !$0.isScalar }):
      [margin + key + ":"] + items.map { margin + "  - " + $0.compactJSON }
    case .mapping(let entries) where entries.contains(where: { !$0.value.isScalar }):
      [margin + key + ":"] + entries.flatMap { $0.value.yamlLines($0.key, margin + "  ") }
    default: [margin + key + ": " + compactJSON]
    }
  }
}

extension SimulatorChoice {
  /// The choice with one more factor and narrower bounds, if the simulator has such settings.
  fileprivate func refitted(_ fit: ProfileRefit.Fit, _ words: String) -> SimulatorChoice {
    guard case .mapping(let entries) = settings.content, settings["factors"] != nil else { return self }
    var result = self
    let factor = Sourced(fit.value, source: words).node
    result.settings = SettingsNode(
      .mapping(
        entries.map { entry in
          SettingsNode.Entry(
            key: entry.key, mark: entry.mark, value: Self.refitted(entry, fit, factor, words))
        }), mark: settings.mark)
    return result
  }

  private static func refitted(
    _ entry: SettingsNode.Entry, _ fit: ProfileRefit.Fit, _ factor: SettingsNode, _ words: String
  ) -> SettingsNode {
    if entry.key == "factors", case .list(let factors) = entry.value.content {
      return SettingsNode(.list(factors + [factor]), mark: entry.value.mark)
    }
    guard entry.key == "latencyLow" || entry.key == "latencyHigh", let spread = fit.spread,
      let old = try? Sourced(reading: entry.value, key: entry.key)
    else { return entry.value }
    let isLower = entry.key == "latencyLow"
    return ProfileRefit.narrower(old, isLower ? 1 / spread : spread, isLower: isLower, words).node
  }
}
