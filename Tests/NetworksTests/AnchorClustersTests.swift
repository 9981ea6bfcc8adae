import Graphs
import Networks
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Anchors by k-means")
struct AnchorClustersTests {
  @Test("Boxes of as many sizes as anchors are the anchors")
  func exact() throws {
    let sizes: [Float] = [0.1, 0.2, 0.5, 0.25, 0.9, 0.8]
    let boxes = [2, 0, 1, 1, 0, 2, 2].flatMap { sizes[2 * $0..<2 * $0 + 2] }
    let clusters = try #require(AnchorClusters(of: boxes, count: 3))
    #expect(zip(clusters.extents, sizes).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(abs(clusters.meanOverlap - 1) < 1e-6)
    #expect(AnchorClusters(of: boxes, count: 4) == nil)
    #expect(AnchorClusters(of: [], count: 1) == nil)
  }

  @Test("One anchor is the mean, and its overlaps are those by hand; boxes without area count nothing")
  func one() throws {
    let clusters = try #require(AnchorClusters(of: [0.2, 0.2, 0.4, 0.4, 0, 0.5], count: 1))
    // The first guess, the larger box, overlaps by 1/4 and 1; the mean, of 0.3, by 4/9 and 9/16.
    #expect(clusters.extents.allSatisfy { abs($0 - 0.4) < 1e-6 })
    #expect(abs(clusters.meanOverlap - 0.625) < 1e-6)
    let three = try #require(AnchorClusters(of: [0.2, 0.2, 0.2, 0.2, 0.3, 0.3], count: 1))
    // The guess 0.3 overlaps by 4/9 twice and 1; the mean 7/30, which is better, by 36/49 twice and 49/81.
    #expect(abs(three.meanOverlap - (72.0 / 49 + 49.0 / 81) / 3) < 1e-6)
  }

  @Test("Any order of the boxes gives the same anchors, and more anchors fit no worse")
  func order() throws {
    let boxes = Tensor(random: [600], in: 0.02...0.6, seed: 4, "boxes").values
    let pairs = (0..<300).map { [boxes[2 * $0], boxes[2 * $0 + 1]] }
    var random = SeededRandom(seed: 1, purpose: "order")
    let shuffled = random.permutation(300).flatMap { pairs[$0] }
    var last = 0.0
    for count in 1...9 {
      let clusters = try #require(AnchorClusters(of: boxes, count: count))
      #expect(AnchorClusters(of: shuffled, count: count) == clusters)
      #expect(clusters.meanOverlap > last)
      last = clusters.meanOverlap
      let areas = (0..<count).map { clusters.extents[2 * $0] * clusters.extents[2 * $0 + 1] }
      #expect(areas == areas.sorted())
    }
  }

  @Test("Anchors are those of the same rule in numpy")
  func numpy() throws {
    var boxes: [Float] = []
    for i in 0..<200 {
      boxes.append(Float(0.02 + Double(i * 37 % 101) / 200))
      boxes.append(Float(0.02 + Double(i * 53 % 89) / 150))
    }
    let one = try #require(AnchorClusters(of: boxes, count: 1))
    #expect(abs(one.meanOverlap - 0.400_126_752) < 1e-7)
    let five = try #require(AnchorClusters(of: boxes, count: 5))
    #expect(abs(five.meanOverlap - 0.618_504_926) < 1e-7)
    let truth: [Float] = [
      0.274_333_33, 0.065_555_56, 0.065, 0.302_626_26, 0.3435, 0.1975, 0.173_461_54, 0.425_470_09,
      0.399_396_55, 0.459_080_46,
    ]
    #expect(five.extents.count == 10 && zip(five.extents, truth).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  private static let spec = """
    input: [1, 32, 32]
    classes: 2
    variables: {fine: 2}
    layers:
      - conv-norm: {filters: 8, stride: 4, name: fine}
      - conv-norm: {filters: 8, stride: 2, name: coarse}
      - detector:
          levels:
            - {from: fine, kMeans: $fine}
            - {from: coarse, scale: 0.9, ratios: []}
            - {from: coarse, kMeans: 1}
    """

  private static func anchors(_ options: NetworkOptions) throws -> [[Float]] {
    let graph = try NetworkSpec(SettingsNode(yaml: spec, source: "test"), defaultName: "x").build(
      options: options)
    return graph.nodes.filter { $0.name.contains("scores") }.compactMap { ($0.op as? AnchorRows)?.anchors }
  }

  @Test("Levels that ask for them share the clusters, the smallest first; without data that is said")
  func levels() throws {
    let boxes: [Float] = [0.5, 0.4, 0.1, 0.1, 0.3, 0.2, 0.1, 0.1]
    let close = { (a: [Float], b: [Float]) in
      zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 } && a.count == b.count
    }
    let found = try Self.anchors(NetworkOptions(boxes: boxes))
    #expect(found.count == 3 && close(found[0], [0.1, 0.1, 0.3, 0.2]) && close(found[1], [0.9, 0.9]))
    #expect(close(found[2], [0.5, 0.4]))
    var options = NetworkOptions(boxes: boxes)
    options.variables = ["fine": 1.node]
    #expect(try Self.anchors(options)[0].count == 2)
    #expect(errorMessage { _ = try Self.anchors(NetworkOptions()) }.contains("condense data anchors"))
    options.variables = ["fine": 5.node]
    #expect(errorMessage { _ = try Self.anchors(options) }.contains("6 anchors are more than"))
  }
}
