import Datasets
import Foundation
import Graphs
import Metrics
import Ops
import Tensors
import Testing

@testable import Tasks

/// Detections of integers: by hand, and held against those of the same numbers in floats.
@Suite("Detections in integers")
struct IntegerDecoderTests {
  /// The heads of a detector of images of 64x32 with a scale of 1/8 for scores and 1/4 for offsets.
  private static func heads(
    classes: Int, anchors: [Float] = [0.25, 0.5], side: Int = 4, zeroPoint: Int = 3
  ) throws -> [Head] {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 32, 64])])
    let stride = 32 / side
    for (name, numbers) in [("scores", classes + 1), ("offsets", 4)] {
      let filters = numbers * anchors.count / 2
      try graph.append(
        Conv2D(filters: filters, kernel: stride, stride: stride), name: name + ".conv", inputs: ["image"])
      try graph.append(AnchorRows(anchors: anchors), name: name, inputs: [name + ".conv"])
    }
    graph.outputs = ["scores", "offsets"]
    let grids = [
      ValueGrid(scale: 0.125, zeroPoint: -5, integers: -128...127),
      ValueGrid(scale: 0.25, zeroPoint: zeroPoint, integers: -128...127),
    ]
    return try zip(ObjectDetection().heads(of: graph, network: "test"), grids).map { head, grid in
      Head(name: head.name, value: head.value, shape: head.shape, anchors: head.anchors, grid: grid)
    }
  }

  @Test("One thing, computed by hand")
  func byHand() throws {
    let heads = try Self.heads(classes: 2)
    let decoder = try #require(IntegerDecoder(heads))
    // Four rows and eight columns, an anchor of 16x16 pixels at each.
    #expect(decoder.anchors == 32 && decoder.kinds.count == 1 && decoder.limit == 64)
    #expect(decoder.kinds[0].width == 256 && decoder.kinds[0].height == 256)
    // A step of an offset is a fortieth of 16 pixels: 6.4 sixteenths.
    #expect(abs(Double(decoder.kinds[0].across) / 65_536 - 6.4) < 1e-4)
    #expect(decoder.powers[0] == 32_768 && decoder.powers[8] == 12_055 && decoder.powers[255] == 0)
    #expect(decoder.growths[128 + 3] == 65_536 && decoder.growths[255] == 4_096_000)
    var scores = [Int8](repeating: -100, count: 96)
    for anchor in 0..<32 { scores[3 * anchor] = 60 }
    var offsets = [Int8](repeating: 3, count: 128)
    // Row 1, column 2: the centre is at 20 and 12 pixels. The second class is sure by e^1 against e^0 of the background.
    let anchor = 8 + 2
    (scores[3 * anchor], scores[3 * anchor + 1], scores[3 * anchor + 2]) = (0, -128, 8)
    // Ten steps to the right, five up; twice as wide: 0.05 · 14 = ln 2.01.
    (offsets[4 * anchor], offsets[4 * anchor + 1], offsets[4 * anchor + 2]) = (13, -2, 17)
    let found = decoder.found(scores: scores, offsets: offsets)
    #expect(found.count == 1)
    let thing = found[0]
    let sure = 1 / (1 + exp(-1.0))
    #expect(thing.label == 1)
    #expect(abs(Double(thing.score) / 32_768 - sure) < 1e-4)
    let (x, y, half) = (384.0, 160.0, 128 * exp(0.7))
    let edges = [thing.left, thing.top, thing.right, thing.bottom].map { Double($0) }
    let truth = [x - half, y - 128, x + half, y + 128]
    #expect(zip(edges, truth).allSatisfy { abs($0 - $1) <= 1 })
    let bytes = decoder.bytes(found)
    #expect(bytes.count == 4 + 12 * 64)
    #expect(Array(bytes[0...3]) == [1, 0, 0, 0])
    #expect(UInt8(bitPattern: bytes[4]) == UInt8(truncatingIfNeeded: thing.left))
    #expect(bytes[14] == 1)
    #expect(bytes[16...].allSatisfy { $0 == 0 })
  }

  @Test("Equal scores keep the order of classes and anchors, and boxes of a class upon one another go")
  func ties() throws {
    let decoder = try #require(IntegerDecoder(try Self.heads(classes: 2)))
    let scores = [Int8](repeating: 0, count: 96)
    // All boxes are the whole image: one of each class is left, that of the first anchor.
    let offsets = (0..<128).map { Int8($0 % 4 < 2 ? 3 : 127) }
    let found = decoder.found(scores: scores, offsets: offsets)
    #expect(found.map(\.label) == [0, 1])
    #expect(found.map(\.score) == [10_922, 10_922])
    #expect(found.allSatisfy { [$0.left, $0.top, $0.right, $0.bottom] == [0, 0, 1024, 512] })
  }

  @Test("Random integers give what floats give, but for rounding")
  func floats() throws {
    for seed in 0..<40 {
      let heads = try Self.heads(classes: 1 + seed % 4, anchors: [0.2, 0.3, 0.6, 0.4], zeroPoint: seed - 20)
      let decoder = try #require(IntegerDecoder(heads))
      let outputs = HeadOutputs(heads, batch: 1)
      var random = SeededRandom(seed: UInt64(seed), purpose: "integers")
      for (head, buffer) in zip(heads, outputs.buffers) {
        let grid = try #require(head.grid)
        buffer.withMutableFloats { values in
          for i in 0..<head.shape.count {
            values[i] = Float(random.below(120) - 60) * grid.scale
          }
        }
      }
      let (found, truth) = (
        decoder.detections(outputs, image: 0), DetectionDecoder().detections(outputs, image: 0)
      )
      // A thing is the same where class and box are; suppression may differ where overlaps or scores are nearly equal.
      let same = found.filter { one in
        truth.contains { other in
          one.label == other.label && abs(one.score - other.score) < 2e-4
            && zip(Self.edges(one.box), Self.edges(other.box)).allSatisfy { abs($0 - $1) < 0.13 }
        }
      }
      #expect(abs(found.count - truth.count) <= 2 && same.count >= found.count - 2, "\(seed)")
    }
  }

  private static func edges(_ box: Box) -> [Float] { [box.left, box.top, box.right, box.bottom] }

  @Test("No more than the limits are looked at and kept, the surest first")
  func limits() throws {
    let heads = try Self.heads(classes: 3, anchors: [0.02, 0.02], side: 16)
    var rule = DetectionDecoder()
    (rule.candidates, rule.limit) = (20, 30)
    let decoder = try #require(IntegerDecoder(heads, rule))
    var random = SeededRandom(seed: 1, purpose: "scores")
    let scores = (0..<heads[0].shape.count).map { _ in Int8(random.below(16)) }
    let found = decoder.found(scores: scores, offsets: Array(repeating: 3, count: heads[1].shape.count))
    #expect(found.count == 30)
    #expect(zip(found, found.dropFirst()).allSatisfy { $0.score >= $1.score })
    #expect((0..<3).allSatisfy { label in found.count { $0.label == label } <= 20 })
  }

  @Test("Heads of floats and of large images have none")
  func refusals() throws {
    let heads = try Self.heads(classes: 2)
    let plain = heads.map { Head(name: $0.name, value: $0.value, shape: $0.shape, anchors: $0.anchors) }
    #expect(IntegerDecoder(plain) == nil)
    let wide = ValueGrid(scale: 1, zeroPoint: 0, integers: -256...255)
    let other = Head(
      name: heads[0].name, value: heads[0].value, shape: heads[0].shape, anchors: heads[0].anchors, grid: wide
    )
    #expect(IntegerDecoder([other, heads[1]]) == nil)
  }
}
