/// A student that a fit tries.
struct FitStudent: Sendable {
  let family: FitFamily
  let strength: Double

  /// Its name in the ranking.
  var name: String { family.studentName(strength) }
}

/// The limits of a student; `nil` for no limit.
struct FitLimits: Sendable {
  var flashBytes: Double?
  var ramBytes: Double?
  var latencyMs: Double?
}
