import Readings

/// Whether a student that has fewer weights is smaller and faster for it, target by target.
///
/// Held against a student with masked weights is the same network with its zeros stored and multiplied, in the same number format:
/// anything else would credit the pruning with what quantization gained. Where no weight is masked, as channels or factors
/// were removed whole, it is the teacher, if the teacher's numbers are of the same bits; otherwise nothing is said.
struct PruningGain {
  private let row: Ranking.Row
  private let teacher: Ranking.Row?

  init(of row: Ranking.Row, teacher: Ranking.Row?) {
    self.row = row
    self.teacher = teacher
  }

  /// Targets, sorted, on which the row is not smaller or not faster.
  var warnings: [String] {
    guard row.role == TrialRole.student.rawValue else { return [] }
    return row.targets.keys.sorted().flatMap { name in
      row.targets[name].map { reading in warnings(name, reading) } ?? []
    }
  }

  private func warnings(_ name: String, _ reading: Reading) -> [String] {
    guard let reference = reference(name, reading) else { return [] }
    var warnings: [String] = []
    if let flash = reading[.flash]?.value, flash >= reference.flash {
      warnings.append(
        "fewer weights, but no smaller on \(name): \(amount(flash, .flash)), and \(amount(reference.flash, .flash)) "
          + reference.words)
    }
    // Closer than the target can tell apart is as fast.
    let least = reference.latency.map { $0 * (1 - (reading.relativeError ?? 0)) }
    if let latency = reading[.latency]?.value, let all = reference.latency, let least, latency >= least {
      warnings.append(
        "fewer weights, but no faster on \(name): \(amount(latency, .latency)), and \(amount(all, .latency)) "
          + reference.words)
    }
    return warnings
  }

  private func amount(_ value: Double, _ resource: Resource) -> String { Words.amount(value, of: resource) }

  private func reference(
    _ name: String, _ reading: Reading
  ) -> (flash: Double, latency: Double?, words: String)? {
    if let unpruned = reading.unpruned {
      return (Double(unpruned.flashBytes), unpruned.latencyMs, "with its zeros stored and multiplied")
    }
    guard let teacher, teacher.bits == row.bits, row.nonZeros < teacher.nonZeros,
      let other = teacher.targets[name], other.bases == reading.bases, let flash = other[.flash]?.value
    else { return nil }
    return (flash, other[.latency]?.value, "for the teacher")
  }
}
