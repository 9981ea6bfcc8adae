public import Datasets
public import Graphs
public import Metrics
import Ops
public import Tensors

/// Finding things in images: for each of a detector's anchors a score for every class and the background, and where the thing is.
///
/// **Paper** Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325.
public struct ObjectDetection: ImageTask {
  public static let details: any TaskDetails.Type = DetectionDetails.self
  /// What anchors are told of things.
  static let matches = "matches"

  public static func example() throws -> TaskExample {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
    let anchors: [Float] = [0.5, 0.5, 0.7, 0.4]
    for (name, numbers) in [("scores", 3), ("offsets", 4)] {
      let convolution = Conv2D(filters: numbers * 2, kernel: 2, stride: 2)
      try graph.append(convolution, name: name + ".conv", inputs: ["image"])
      try graph.append(AnchorRows(anchors: anchors), name: name, inputs: [name + ".conv"])
    }
    graph.outputs = ["scores", "offsets"]
    func thing(_ label: Int, _ left: Float, _ top: Float) -> LabelledBox {
      LabelledBox(label: label, box: Box(left: left, top: top, right: left + 4, bottom: top + 4))
    }
    return TaskExample(
      graph: graph,
      annotations: [.boxes([thing(0, 1, 1), thing(1, 4, 3)]), .boxes([]), .boxes([thing(1, 3, 3)])],
      classes: 2)
  }

  public init() {}

  public func reads(_ annotation: Annotation) -> Bool {
    if case .boxes = annotation { true } else { false }
  }

  public func heads(of graph: Graph, network: String) throws(TaskError) -> [Head] {
    func mismatch(_ found: String) -> TaskError {
      .head(
        network: network, expected: "scores and offsets of a detector's anchors", found: found,
        data: "boxes around things", answer: "a detector, such as ssd-tiny")
    }
    guard graph.outputs.count == 2 else { throw mismatch(Self.words(graph.outputs.count)) }
    var heads: [Head] = []
    for (name, value) in zip([Head.anchorScores, Head.anchorOffsets], graph.outputs) {
      guard let rows = graph.anchorRows(behind: value), let shape = graph.shape(of: value),
        let anchors = Anchors(of: rows, in: graph), anchors.count > 0, shape[1].isMultiple(of: anchors.count)
      else {
        throw mismatch("\(value) \(graph.shape(of: value)?.description ?? "")")
      }
      heads.append(Head(name: name, value: value, shape: [shape[1]], anchors: anchors))
    }
    let (scores, offsets) = (heads[0], heads[1])
    guard scores.anchors == offsets.anchors, offsets.numbersPerAnchor == 4, scores.numbersPerAnchor >= 2
    else {
      throw mismatch("\(scores.numbersPerAnchor) and \(offsets.numbersPerAnchor) numbers an anchor")
    }
    return heads
  }

  private static func words(_ outputs: Int) -> String { outputs == 1 ? "one output" : "\(outputs) outputs" }

  public func targets(for heads: [Head]) -> [Target] {
    [Target(name: Self.matches, shape: [5 * (heads[0].anchors?.count ?? 0)])]
  }

  public func writeTargets(
    of batch: Batch, _ images: Range<Int>, for heads: [Head], into targets: [AlignedBuffer]
  ) {
    guard let anchors = heads[0].anchors else { return }
    let size = 5 * anchors.count
    targets[0].withMutableFloats { values in
      for (row, image) in images.enumerated() {
        // Of a blended image the things of both are there.
        let partner = batch.shares[image] == 1 ? [] : batch.partners[image].things
        anchors.writeMatches(
          batch.annotations[image].things, partner, into: &values, at: row * size)
      }
      // Behind the last image nothing counts.
      for row in images.count * anchors.count..<max(values.count / 5, images.count * anchors.count) {
        values[5 * row] = -1
      }
    }
  }

  /// Each anchor's class, and how far the boxes of those that stand for things are from these.
  public func minimizeLoss(in objective: inout ObjectiveBuilder, weight: Float) throws(TaskError) {
    let scores = try objective.head(Head.anchorScores)
    let offsets = try objective.head(Head.anchorOffsets)
    let matches = objective.target(targets(for: objective.heads)[0])
    let classes = objective.append(
      AnchorClassLoss(focus: objective.focus, smoothing: objective.smoothing), name: "class-loss",
      inputs: [scores, matches])
    let boxes = objective.append(AnchorBoxLoss(), name: "box-loss", inputs: [offsets, matches])
    objective.minimize(classes, weight: weight)
    objective.minimize(boxes, weight: weight)
  }

  public func answers(_ outputs: HeadOutputs, image: Int) -> [Answer] {
    DetectionDecoder().detections(outputs, image: image).map {
      Answer(label: $0.label, confidence: Double($0.score), box: $0.box)
    }
  }

  /// A mean of curves is no mean over images.
  public func contribution(_ outputs: HeadOutputs, image: Int, truth: Annotation) -> Double? { nil }
  public func chance(classes: Int) -> Double? { nil }

  public func scores(for heads: [Head]) -> any TaskScores {
    ObjectDetectionScores(classes: heads[0].numbersPerAnchor - 1)
  }
}

extension Head {
  /// The head of a score for each class and the background, the background first, anchor by anchor.
  public static let anchorScores = "anchor-scores"
  /// The head of four numbers that say where a thing is, anchor by anchor.
  public static let anchorOffsets = "anchor-offsets"

  /// What is said of each anchor.
  var numbersPerAnchor: Int { anchors.map { shape.count / $0.count } ?? 0 }
}
