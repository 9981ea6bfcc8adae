import Tensors

/// Which images go to which split, by hash of (seed, relative path): stratified, and stable when other files come and
/// go.
///
/// In a class the images are ordered by hash; the first go to test, the next to validation, the rest is for training,
/// which keeps at least one. Each share is rounded to whole images. Classes so small that a share rounds to nothing
/// are taken together: their shares are added, and as many of them, by hash, give one image each; at least one
/// image where no class gives any.
struct SplitRule {
  let seed: UInt64
  let validation: Double
  let test: Double

  /// The splits of the images of every class, given by their relative paths.
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

  /// How many images each class gives for a share; `left` is how many each can give.
  private func counts(
    _ share: Double, _ orders: [[(key: UInt64, position: Int)]], of classes: [[Substring]], left: inout [Int],
    taken: [Int]
  ) -> [Int] {
    guard share > 0 else { return Array(repeating: 0, count: classes.count) }
    var result = classes.indices.map { min(Int((share * Double(classes[$0].count)).rounded()), left[$0]) }
    let small = classes.indices.filter { (share * Double(classes[$0].count)).rounded() < 1 }
    var wanted = Int((share * Double(small.reduce(0) { $0 + classes[$1].count })).rounded())
    if wanted == 0, result.allSatisfy({ $0 == 0 }) { wanted = 1 }
    // Those that have given nothing yet come first, then chance: the hash of the image that would go.
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

  /// The images of a class by hash.
  private func order(_ paths: [Substring]) -> [(key: UInt64, position: Int)] {
    paths.indices.map { (key: key(paths[$0]), position: $0) }.sorted { a, b in
      (a.key, paths[a.position]) < (b.key, paths[b.position])
    }
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

  /// What the folder of validation images was taken for, as told by the counts: validation images that are no share
  /// of the training images come from a folder of their own.
  public var valFolder: ValFolder {
    isGiven && validationFraction == 0 && (counts[.validation] ?? 0) > 0 ? .validation : .test
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
