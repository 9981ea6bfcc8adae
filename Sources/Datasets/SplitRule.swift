import Tensors

/// The rule that derives splits by a hash of (seed, relative path).
///
/// Splits are stratified by class, and stable when other files are added or removed.
///
/// The images of a class are ordered by hash. The first go to test, the next to validation, and the rest to
/// training, which keeps at least one. Each share is rounded to whole images.
///
/// Classes so small that their share rounds to 0 are treated together: their shares are added up and rounded,
/// and that many of them, chosen by hash, give one image each. If no class gives any image, one is taken all
/// the same.
struct SplitRule {
  let seed: UInt64
  let validation: Double
  let test: Double

  /// Returns the splits of the images of every class, given by their relative paths.
  func splits(of classes: [[Substring]]) -> [[Split]] {
    let orders = classes.map(order)
    var left = classes.map { max(0, $0.count - 1) }
    let testing = counts(
      test, orders, of: classes, left: &left, taken: Array(repeating: 0, count: classes.count))
    let validating = counts(validation, orders, of: classes, left: &left, taken: testing)
    return classes.indices.map { label in
      var result = Array(repeating: Split.train, count: classes[label].count)
      for (rank, image) in orders[label].enumerated() {
        if rank < testing[label] {
          result[image.position] = .test
        } else if rank < testing[label] + validating[label] {
          result[image.position] = .validation
        }
      }
      return result
    }
  }

  /// Returns the number of images that each class gives for a share; `left` is the number that each can give.
  private func counts(
    _ share: Double, _ orders: [[(key: UInt64, position: Int)]], of classes: [[Substring]], left: inout [Int],
    taken: [Int]
  ) -> [Int] {
    guard share > 0 else { return Array(repeating: 0, count: classes.count) }
    var result = classes.indices.map { min(Int((share * Double(classes[$0].count)).rounded()), left[$0]) }
    let small = classes.indices.filter { (share * Double(classes[$0].count)).rounded() < 1 }
    var wanted = Int((share * Double(small.reduce(0) { $0 + classes[$1].count })).rounded())
    if wanted == 0, result.allSatisfy({ $0 == 0 }) { wanted = 1 }
    // Classes that have given no image yet come first; among equals the hash of the next image decides.
    let able = small.filter { left[$0] > 0 }.sorted { a, b in
      let (first, second) = (orders[a][taken[a]], orders[b][taken[b]])
      return (taken[a], first.key, classes[a][first.position]) < (
        taken[b], second.key, classes[b][second.position]
      )
    }
    for label in able.prefix(wanted) { result[label] = 1 }
    if wanted == 1, able.isEmpty, result.allSatisfy({ $0 == 0 }),
      let label = left.indices.first(where: { left[$0] > 0 })
    {
      result[label] = 1
    }
    for label in result.indices { left[label] -= result[label] }
    return result
  }

  /// Returns the images of a class, ordered by hash.
  private func order(_ paths: [Substring]) -> [(key: UInt64, position: Int)] {
    paths.indices.map { (key: key(paths[$0]), position: $0) }.sorted { a, b in
      (a.key, paths[a.position]) < (b.key, paths[b.position])
    }
  }

  /// Returns the FNV-1a hash of the path, mixed with the seed.
  private func key(_ path: Substring) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return SeededRandom(seed: seed ^ hash, purpose: "split").bits(at: 0)
  }
}

/// The origin of a data set's splits, stored in a model so that evaluation uses the same ones.
public struct SplitDescription: Sendable, Equatable, CustomStringConvertible {
  /// True if the data itself separates training from test images.
  public var isGiven: Bool
  /// The share of images that became validation; 0 if the data has its own or none was wanted.
  public var validationFraction: Double
  /// The share of images that became test; 0 if the data has its own.
  public var testFraction: Double
  /// The seed of the hash.
  public var seed: UInt64
  /// The digest of the data as hexadecimal digits.
  public var digest: String
  /// The number of images of each split.
  public var counts: [Split: Int]

  /// Makes a description, as read from a model.
  public init(
    isGiven: Bool, validationFraction: Double, testFraction: Double, seed: UInt64, digest: String,
    counts: [Split: Int]
  ) {
    self.isGiven = isGiven
    self.validationFraction = validationFraction
    self.testFraction = testFraction
    self.seed = seed
    self.digest = digest
    self.counts = counts
  }

  /// The use that was made of the folder of validation images.
  ///
  /// Given validation images that are no share of the training images come from such a folder.
  public var valFolder: ValFolder {
    isGiven && validationFraction == 0 && (counts[.validation] ?? 0) > 0 ? .validation : .test
  }

  /// The sentence that tells a user about the splits.
  public var description: String {
    let sizes = Split.allCases.map { "\(counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
    func percent(_ value: Double) -> String { "\((value * 1000).rounded() / 10) %" }
    if !isGiven {
      return
        "the data has no splits: \(percent(testFraction)) test and \(percent(validationFraction)) validation by "
        + "hash of (seed \(seed), path), by class: \(sizes)"
    }
    if validationFraction > 0 {
      return
        "splits as the data gives them, \(percent(validationFraction)) of the training images for validation by "
        + "hash of (seed \(seed), path), by class: \(sizes)"
    }
    return "splits as the data gives them: \(sizes)"
  }
}
