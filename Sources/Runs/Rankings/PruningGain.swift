import Readings

/// Warns where a student with fewer weights is not smaller or not faster on a target.
///
/// A student with masked weights is compared with the same network with its zeros stored and multiplied, in
/// the same number format: any other reference would credit pruning with the gains of quantization. Where no
/// weight is masked, because channels or factors were removed whole, the reference is the teacher, if its
/// numbers have the same bits; otherwise there is no warning.
struct PruningGain {
  private let row: Ranking.Row
  private let teacher: Ranking.Row?

  init(of row: Ranking.Row, teacher: Ranking.Row?) {
    self.row = row
    self.teacher = teacher
  }

  /// Warnings for the targets on which the row is not smaller or not faster, sorted by target.
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
    // A latency within the target's relative error of the reference counts as equal.
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
