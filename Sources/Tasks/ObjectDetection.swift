public import Datasets
public import Graphs
public import Metrics
import Ops
public import Tensors

/// Object detection: per anchor a network gives a score for each class and the background, and a box.
///
/// **Paper** Liu et al., "SSD: single shot multibox detector", ECCV 2016, arXiv:1512.02325.
public struct ObjectDetection: ImageTask {
  /// The results: `DetectionDetails`.
  public static let details: any TaskDetails.Type = DetectionDetails.self
  /// The name of the target that holds the class and the encoded box of each anchor.
  static let matches = "matches"

  /// Returns a detector with one convolution per head and 32 anchors, with three annotated images of 8×8
  /// pixels.
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

  /// Makes the task, which has no settings.
  public init() {}

  /// Returns true for boxes.
  public func reads(_ annotation: Annotation) -> Bool {
    if case .boxes = annotation { true } else { false }
  }

  /// Returns the heads `anchor-scores` and `anchor-offsets`, the two outputs.
  ///
  /// Throws unless both are rows of the same anchors, the offsets with four numbers each and the scores with
  /// at least two.
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
      heads.append(
        Head(name: name, value: value, shape: [shape[1]], anchors: anchors, grid: graph.grid(of: value)))
    }
    let (scores, offsets) = (heads[0], heads[1])
    guard scores.anchors == offsets.anchors, offsets.numbersPerAnchor == 4, scores.numbersPerAnchor >= 2
    else {
      throw mismatch("\(scores.numbersPerAnchor) and \(offsets.numbersPerAnchor) numbers an anchor")
    }
    return heads
  }

  private static func words(_ outputs: Int) -> String { outputs == 1 ? "one output" : "\(outputs) outputs" }

  /// Returns one target, `matches`: five numbers per anchor.
  public func targets(for heads: [Head]) -> [Target] {
    [Target(name: Self.matches, shape: [5 * (heads[0].anchors?.count ?? 0)])]
  }

  /// Writes the matches of each image; a blended image has the things of both.
  ///
  /// Rows after the last image get the class -1, which the losses ignore.
  public func writeTargets(
    of batch: Batch, _ images: Range<Int>, for heads: [Head], into targets: [AlignedBuffer]
  ) {
    guard let anchors = heads[0].anchors else { return }
    let size = 5 * anchors.count
    targets[0].withMutableFloats { values in
      for (row, image) in images.enumerated() {
        // A blended image shows the things of both.
        let partner = batch.shares[image] == 1 ? [] : batch.partners[image].things
        anchors.writeMatches(
          batch.annotations[image].things, partner, into: &values, at: row * size)
      }
      // The losses ignore anchors of class -1, so the empty rows of a short batch do not count.
      for row in images.count * anchors.count..<max(values.count / 5, images.count * anchors.count) {
        values[5 * row] = -1
      }
    }
  }

  /// Adds the loss of each anchor's class, and the loss of the boxes of anchors that stand for things.
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

  /// Returns the detections after non-maximum suppression, the most probable first.
  public func answers(_ outputs: HeadOutputs, image: Int) -> [Answer] {
    Decoding(outputs.heads).detections(outputs, image: image).map {
      Answer(label: $0.label, confidence: Double($0.score), box: $0.box)
    }
  }

  /// Always `nil`: a mean of curves is no mean over images.
  public func contribution(_ outputs: HeadOutputs, image: Int, truth: Annotation) -> Double? { nil }
  /// Always `nil`: the value of guessing depends on the boxes.
  public func chance(classes: Int) -> Double? { nil }

  /// Returns scores without images; the background is not a class.
  public func scores(for heads: [Head]) -> any TaskScores {
    ObjectDetectionScores(heads)
  }
}

extension Head {
  /// The name of the head with scores, anchor by anchor; for each the background first, then the classes.
  public static let anchorScores = "anchor-scores"
  /// The name of the head with the four numbers of a box, anchor by anchor.
  public static let anchorOffsets = "anchor-offsets"

  /// The number of values per anchor; 0 without anchors.
  var numbersPerAnchor: Int { anchors.map { shape.count / $0.count } ?? 0 }
}
