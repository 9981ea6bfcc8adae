import Testing

@testable import Datasets

@Suite("Splits of few images a class")
struct SmallSplitTests {
  private static func paths(_ classes: Int, _ images: Int) -> [[Substring]] {
    (0..<classes).map { c in (0..<images).map { "c\(c)/\($0).png"[...] } }
  }

  private static func count(_ splits: [[Split]], _ split: Split) -> Int {
    splits.joined().count { $0 == split }
  }

  @Test(
    "shares are of the whole set, at most one image a class",
    arguments: [(120, 4), (120, 3), (200, 2), (40, 1)])
  func shares(classes: Int, images: Int) {
    let splits = SplitRule(seed: 3, validation: 0.1, test: 0.1).splits(of: Self.paths(classes, images))
    let wanted = images == 1 ? 0 : (classes * images + 5) / 10
    #expect(Self.count(splits, .test) == wanted && Self.count(splits, .validation) == wanted)
    for part in splits {
      #expect(
        part.contains(.train) && part.count { $0 == .test } <= 1 && part.count { $0 == .validation } <= 1)
    }
    let other = SplitRule(seed: 4, validation: 0.1, test: 0.1).splits(of: Self.paths(classes, images))
    #expect(images == 1 || splits != other)
  }

  @Test("the smallest set that can be split has one image to test on and one to validate on")
  func smallest() {
    let splits = SplitRule(seed: 0, validation: 0.1, test: 0.1).splits(of: Self.paths(2, 2))
    #expect(Self.count(splits, .test) == 1 && Self.count(splits, .validation) == 1)
  }

  @Test(
    "classes that fill a share round it each for itself", arguments: [(5, 1), (14, 1), (15, 2), (6000, 600)])
  func large(images: Int, expected: Int) {
    let splits = SplitRule(seed: 0, validation: 0.1, test: 0.1).splits(of: Self.paths(3, images))
    for part in splits {
      #expect(part.count { $0 == .test } == expected && part.count { $0 == .validation } == expected)
    }
  }
}
