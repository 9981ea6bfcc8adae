import Datasets
import Tasks
import Testing

/// COCO's measures compared with pycocotools 2.0 on cases that an independent script draws from the same
/// numbers.
///
/// They include ties of scores and of overlaps, crowds, areas of exactly 1,024 pixels, and classes without
/// objects.
@Suite("COCO's measures")
struct COCOMeasuresTests {
  /// Knuth's generator, which the script also uses.
  private struct Draws {
    var state: UInt64

    mutating func below(_ count: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(count))
    }
  }

  private static func box(_ left: Int, _ top: Int, _ width: Int, _ height: Int) -> Box {
    Box(left: Float(left), top: Float(top), right: Float(left + width), bottom: Float(top + height))
  }

  /// The twelve measures of a case; with `masks`, things say areas of masks smaller than their boxes.
  private static func measures(seed: Int, masks: Bool = false) -> [Double] {
    var draws = Draws(state: UInt64(seed) &* 2_654_435_761 &+ 12_345)
    var truth: [[LabelledBox]] = []
    var found: [[Detection]] = []
    for _ in 0..<6 {
      var mine: [(Int, Int, Int, Int, Int)] = []
      var things: [LabelledBox] = []
      for _ in 0..<draws.below(5) {
        let (label, left, top) = (draws.below(3), draws.below(100), draws.below(100))
        var (width, height) = (32, 32)
        if draws.below(6) != 0 { (width, height) = (4 + draws.below(120), 4 + draws.below(120)) }
        let isCrowd = draws.below(8) == 0
        mine.append((label, left, top, width, height))
        let area = masks ? Float(width * height * (20 + draws.below(80)) / 100) : nil
        things.append(
          LabelledBox(label: label, box: box(left, top, width, height), isCrowd: isCrowd, maskArea: area))
      }
      var detections: [Detection] = []
      for _ in 0..<draws.below(9) {
        let near = !mine.isEmpty && draws.below(10) < 7
        var (label, left, top, width, height) = near ? mine[draws.below(mine.count)] : (0, 0, 0, 0, 0)
        if near {
          left += draws.below(9) - 4
          top += draws.below(9) - 4
          width = max(1, width + draws.below(9) - 4)
          height = max(1, height + draws.below(9) - 4)
        } else {
          (label, left, top) = (draws.below(3), draws.below(100), draws.below(100))
          (width, height) = (4 + draws.below(60), 4 + draws.below(60))
        }
        let score = Float(Double(draws.below(20)) / 20)
        detections.append(Detection(label: label, box: box(left, top, width, height), score: score))
      }
      truth.append(things)
      found.append(detections)
    }
    let all = COCOMeasures(found: found, truth: truth, classes: 3)
    return [
      all.precision, all.precision50, all.precision75, all.small, all.medium, all.large, all.recall1,
      all.recall10, all.recall100, all.smallRecall, all.mediumRecall, all.largeRecall,
    ].map { $0 ?? -1 }
  }

  private static let expected: [[Double]] = [
    [
      0.197194719, 0.303080308, 0.237073707, 0.270841584, 0.195379538, 0.8, 0.22, 0.313333333, 0.313333333,
      0.466666667, 0.193333333, 0.9,
    ],
    [
      0.458173817, 0.878547855, 0.410891089, 0.458236681, 0.556270627, -1, 0.447222222, 0.566666667,
      0.566666667, 0.522222222, 0.616666667, -1,
    ],
    [
      0.159085337, 0.247477605, 0.183168317, 0.075742574, 0.201760176, -1, 0.233333333, 0.35, 0.35, 0.15,
      0.358333333, -1,
    ],
    [
      0.087128713, 0.154290429, 0.126237624, 0, 0.159818482, 0.4, 0.016666667, 0.204166667, 0.204166667, 0,
      0.2, 0.45,
    ],
    [
      0.243134961, 0.341362928, 0.30349023, 0.032260726, 0.32025774, 0.9, 0.233333333, 0.39047619, 0.39047619,
      0.1, 0.408571429, 0.9,
    ],
    [
      0.333522055, 0.619597674, 0.303041018, 0.27549505, 0.483085809, 0.925, 0.361111111, 0.515555556,
      0.515555556, 0.355555556, 0.516666667, 0.95,
    ],
    [
      0.113496778, 0.253025303, 0.103410341, 0.063894389, 0.201980198, 0.9, 0.016666667, 0.272222222,
      0.272222222, 0.111111111, 0.266666667, 0.9,
    ],
    [
      0.083278328, 0.155115512, 0.02860286, 0.26509901, 0.051485149, 0, 0.122222222, 0.122222222, 0.122222222,
      0.325, 0.1, 0,
    ],
  ]

  @Test("Eight cases, to a millionth", arguments: 0..<8)
  func cases(seed: Int) {
    for (found, expected) in zip(Self.measures(seed: seed), Self.expected[seed]) {
      #expect(abs(found - expected) < 1e-6)
    }
  }

  @Test("The sums over 1,000 cases, plain and weighted")
  func sums() {
    var (plain, weighted) = ([Double](repeating: 0, count: 12), [Double](repeating: 0, count: 12))
    for seed in 0..<1_000 {
      for (place, value) in Self.measures(seed: seed).enumerated() {
        plain[place] += value
        weighted[place] += value * Double((seed + 1) % 17 + 1)
      }
    }
    let (expected, expectedWeighted): ([Double], [Double]) = (
      [
        231.161436, 364.453582, 248.853285, 139.031451, 309.889990, -107.654961, 261.981183, 386.098555,
        386.098555, 222.879167, 417.758743, -101.275000,
      ],
      [
        2059.696662, 3250.550834, 2215.492482, 1274.231738, 2788.910977, -912.114211, 2338.552849,
        3477.150566, 3477.150566, 2024.758889, 3779.795344, -858.541667,
      ]
    )
    for place in 0..<12 {
      #expect(abs(plain[place] - expected[place]) < 2e-5)
      #expect(abs(weighted[place] - expectedWeighted[place]) < 2e-4)
    }
  }

  @Test("Areas of masks decide what is small, medium and large: the sums over 300 cases, plain and weighted")
  func masks() {
    var (plain, weighted) = ([Double](repeating: 0, count: 12), [Double](repeating: 0, count: 12))
    for seed in 0..<300 {
      for (place, value) in Self.measures(seed: seed, masks: true).enumerated() {
        plain[place] += value
        weighted[place] += value * Double((seed + 1) % 17 + 1)
      }
    }
    let (expected, expectedWeighted): ([Double], [Double]) = (
      [
        67.152527, 107.645130, 72.253610, 60.424551, 91.331021, -220.745545, 75.247831, 111.796931,
        111.796931, 87.668056, 130.019683, -219.700000,
      ],
      [
        600.538645, 964.221678, 651.923423, 551.438724, 808.530672, -1942.508168, 679.392156, 1004.255780,
        1004.255780, 787.026111, 1168.253294, -1931.900000,
      ]
    )
    for place in 0..<12 {
      #expect(abs(plain[place] - expected[place]) < 2e-5)
      #expect(abs(weighted[place] - expectedWeighted[place]) < 2e-4)
    }
  }
}
