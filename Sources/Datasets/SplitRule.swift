import Tensors

/// Which part of a class goes to which split, by hash of (seed, relative path): stratified, and stable when other
/// files come and go.
struct SplitRule {
  let seed: UInt64
  let validation: Double
  let test: Double

  /// The splits of one class's images, given by their relative paths.
  ///
  /// The images are ordered by hash; the first go to test, the next to validation, the rest is for training. Each
  /// share is rounded to whole images, and training keeps at least one.
  func splits(of paths: [Substring]) -> [Split] {
    var order = Array(paths.indices)
    let keys = paths.map(key)
    order.sort { (keys[$0], paths[$0]) < (keys[$1], paths[$1]) }
    let testing = min(Int((test * Double(paths.count)).rounded()), max(0, paths.count - 1))
    let validating = min(Int((validation * Double(paths.count)).rounded()), max(0, paths.count - 1 - testing))
    var result = Array(repeating: Split.train, count: paths.count)
    for (rank, position) in order.enumerated() {
      if rank < testing {
        result[position] = .test
      } else if rank < testing + validating {
        result[position] = .validation
      }
    }
    return result
  }

  /// FNV-1a over the path, then mixed with the seed.
  private func key(_ path: Substring) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return SeededRandom(seed: seed ^ hash, purpose: "split").bits(at: 0)
  }
}

/// How a data set came by its splits: what a model stores so that evaluation uses the same.
public struct SplitDescription: Sendable, Equatable, CustomStringConvertible {
  /// Whether the data itself separates training from test images.
  public var isGiven: Bool
  /// The share of images that became validation; 0 where the data gives its own or none was wanted.
  public var validationFraction: Double
  /// The share of images that became test; 0 where the data gives its own.
  public var testFraction: Double
  /// The seed of the hash.
  public var seed: UInt64
  /// The digest of the data, hexadecimal.
  public var digest: String
  /// Images of each split.
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

  /// A sentence for people.
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
