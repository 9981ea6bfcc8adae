import Datasets
import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Tasks

@Suite("Anchors")
struct AnchorTests {
  /// Anchors at 2x2 positions of 50x50 pixels, each with a square and a tall one.
  private static func anchors() throws -> Anchors {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 100, 100])])
    try graph.append(Conv2D(filters: 8, kernel: 50, stride: 50), name: "conv", inputs: ["image"])
    try graph.append(AnchorRows(anchors: [0.4, 0.4, 0.2, 0.8]), name: "rows", inputs: ["conv"])
    graph.outputs = ["rows"]
    return try #require(Anchors(of: graph.anchorRows(behind: "rows") ?? [], in: graph))
  }

  private static func matches(_ anchors: Anchors, _ things: [LabelledBox]) -> [[Float]] {
    var values = [Float](repeating: .nan, count: 5 * anchors.count)
    var span = values.mutableSpan
    anchors.writeMatches(things, [], into: &span, at: 0)
    return (0..<anchors.count).map { Array(values[5 * $0..<5 * $0 + 5]) }
  }

  private static func thing(_ label: Int, _ edges: [Float], isCrowd: Bool = false) -> LabelledBox {
    LabelledBox(
      label: label, box: Box(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3]),
      isCrowd: isCrowd)
  }

  @Test("They lie at the centres of places, row by row, in pixels")
  func places() throws {
    let anchors = try Self.anchors()
    #expect(anchors.count == 8)
    #expect(anchors.box(0) == Box(left: 5, top: 5, right: 45, bottom: 45))
    #expect(anchors.box(3) == Box(left: 65, top: -15, right: 85, bottom: 65))
    #expect(anchors.box(6) == Box(left: 55, top: 55, right: 95, bottom: 95))
  }

  @Test("A thing takes its nearest anchor whatever they overlap, and every other that overlaps it by half")
  func matching() throws {
    let anchors = try Self.anchors()
    // The object equals the first anchor, so all offsets are zero.
    #expect(Self.matches(anchors, [Self.thing(2, [5, 5, 45, 45])])[0] == [3, 0, 0, 0, 0])
    // A small object: 10x10 in 40x40 is a sixteenth, but it still gets one anchor.
    let small = Self.matches(anchors, [Self.thing(0, [70, 70, 80, 80])])
    #expect(small.map { $0[0] } == [0, 0, 0, 0, 0, 0, 1, 0])
    #expect(small[6][1] == 0 && abs(small[6][3] - log(0.25) / 0.2) < 1e-5)
    // Of two objects at one position, the second gets the next best anchor and not that of the first.
    let two = Self.matches(anchors, [Self.thing(0, [5, 5, 45, 45]), Self.thing(1, [6, 6, 44, 44])])
    #expect(two[0][0] == 1 && two.contains { $0[0] == 2 })
    // Crowds are no targets, and background anchors have no offsets.
    #expect(
      Self.matches(anchors, [Self.thing(0, [5, 5, 45, 45], isCrowd: true)]).allSatisfy {
        $0 == [0, 0, 0, 0, 0]
      })
    #expect(Self.matches(anchors, []).allSatisfy { $0 == [0, 0, 0, 0, 0] })
  }

  @Test("What anchors are told of things is where these are found")
  func roundTrip() throws {
    let anchors = try Self.anchors()
    var random = SeededRandom(seed: 1, purpose: "things")
    for _ in 0..<100 {
      let (left, top) = (random.uniform(in: 0...60), random.uniform(in: 0...60))
      let thing = Self.thing(
        0, [left, top, left + random.uniform(in: 12...39), top + random.uniform(in: 12...39)])
      let told = Self.matches(anchors, [thing])
      for anchor in told.indices where told[anchor][0] > 0 {
        let numbers = Array(told[anchor].dropFirst())
        #expect(anchors.decoded(anchor, numbers.span, at: 0).overlap(with: thing.box) > 0.999)
      }
      #expect(told.contains { $0[0] > 0 })
    }
  }

  @Test("Of boxes of a class that lie upon one another the surest stays; classes do not see one another")
  func suppression() throws {
    let example = try ObjectDetection.example()
    let heads = try ObjectDetection().heads(of: example.graph, network: "test")
    let anchors = try #require(heads[0].anchors)
    let outputs = HeadOutputs(heads, batch: 1)
    // All anchors predict the same box, the whole image.
    outputs.buffers[0].withMutableFloats { scores in
      for anchor in 0..<anchors.count {
        scores[3 * anchor] = 0
        scores[3 * anchor + 1] = anchor == 5 ? 3 : 2
        scores[3 * anchor + 2] = anchor == 2 ? 1 : -20
      }
    }
    outputs.buffers[1].withMutableFloats { offsets in
      for anchor in 0..<anchors.count {
        let own = 4 * anchor
        offsets[own] = (4 - anchors.boxes[own]) / (0.1 * anchors.boxes[own + 2])
        offsets[own + 1] = (4 - anchors.boxes[own + 1]) / (0.1 * anchors.boxes[own + 3])
        offsets[own + 2] = log(8 / anchors.boxes[own + 2]) / 0.2
        offsets[own + 3] = log(8 / anchors.boxes[own + 3]) / 0.2
      }
    }
    let found = DetectionDecoder().detections(outputs, image: 0)
    #expect(found.map(\.label) == [0, 1])
    #expect(abs(found[0].score - exp(3) / (1 + exp(3) + exp(-20))) < 1e-5)
    for detection in found {
      #expect(detection.box.overlap(with: Box(left: 0, top: 0, right: 8, bottom: 8)) > 0.999)
    }
  }

  @Test("A network of classes is no detector, and a detector none of classes")
  func heads() throws {
    let (detector, classifier) = (try ObjectDetection.example().graph, try Classification.example().graph)
    #expect(try TaskCatalogue.task(of: detector, name: "d") is ObjectDetection)
    #expect(try TaskCatalogue.task(of: classifier, name: "c") is Classification)
    #expect(detector.classCount == 2 && classifier.classCount == 3)
    #expect(
      errorMessage { _ = try ObjectDetection().heads(of: classifier, network: "net") }
        == "net: expected an output of scores and offsets of a detector's anchors, found one output; data of boxes "
        + "around things needs a detector, such as ssd-tiny; `condense list networks` shows all")
    #expect(
      errorMessage { _ = try Classification().heads(of: detector, network: "net") }
        .hasSuffix(
          "data of one class an image needs a classifier, such as lenet5; `condense list networks` shows all")
    )
  }
}
