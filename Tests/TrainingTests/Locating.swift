import Datasets
import Graphs
import Images
import Metrics
import Ops
import Settings
import Tasks
import Tensors

/// A task other than classification: the position of the only object in an image.
///
/// The head gives the middle of a box of known size, as shares of the image's sides. The loss is the mean
/// squared error, the metric the average precision of one class, which is no mean over images.
struct Locating: ImageTask {
  static let details: any TaskDetails.Type = DetectionDetails.self
  /// The image's side and, as `reach`, half the side of the box.
  static let side: Float = 8
  static let reach: Float = 2

  static func example() throws -> TaskExample {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 2), name: "middle", inputs: ["image"])
    graph.outputs = ["middle"]
    let boxes = [0, 1, 3].map { Box(left: $0, top: 2, right: $0 + 4, bottom: 6) }
    return TaskExample(
      graph: graph, annotations: boxes.map { .boxes([LabelledBox(label: 0, box: $0)]) }, classes: 1)
  }

  init() {}

  func reads(_ annotation: Annotation) -> Bool {
    if case .boxes(let boxes) = annotation { boxes.count == 1 } else { false }
  }

  func targets(for heads: [Head]) -> [Target] { [Target(name: "middle", shape: heads[0].shape)] }

  func writeTargets(
    of batch: Batch, _ images: Range<Int>, for heads: [Head], into targets: [AlignedBuffer]
  ) {
    targets[0].withMutableFloats { values in
      for (row, image) in images.enumerated() {
        let box = Self.box(batch.annotations[image])
        values[2 * row] = (box.left + box.right) / 2 / Self.side
        values[2 * row + 1] = (box.top + box.bottom) / 2 / Self.side
      }
    }
  }

  func heads(of graph: Graph, network: String) throws(TaskError) -> [Head] {
    guard let output = graph.outputs.first, graph.shape(of: output)?.dimensions.last == 2 else {
      throw .head(
        network: network, expected: "a point, [N, 2]", found: graph.outputs.description, data: "points",
        answer: "a network of two outputs")
    }
    return [Head(name: "middle", value: output, shape: [2])]
  }

  func minimizeLoss(in objective: inout ObjectiveBuilder, weight: Float) throws(TaskError) {
    let values = [
      try objective.head("middle"), objective.target(Target(name: "middle", shape: objective.heads[0].shape)),
    ]
    objective.minimize(
      objective.append(MeanSquaredError(), name: "distance", inputs: values), weight: weight)
  }

  func answers(_ outputs: HeadOutputs, image: Int) -> [Answer] {
    let (row, buffer) = (outputs.row(of: image), outputs.buffers[0])
    let (x, y) = (buffer.floats[row.lowerBound] * Self.side, buffer.floats[row.lowerBound + 1] * Self.side)
    let box = Box(left: x - Self.reach, top: y - Self.reach, right: x + Self.reach, bottom: y + Self.reach)
    return [Answer(label: 0, confidence: 1, box: box)]
  }

  func contribution(_ outputs: HeadOutputs, image: Int, truth: Annotation) -> Double? { nil }
  func chance(classes: Int) -> Double? { nil }
  func scores(for heads: [Head]) -> any TaskScores { LocatingScores() }

  static func box(_ annotation: Annotation) -> Box {
    guard case .boxes(let boxes) = annotation, let first = boxes.first else {
      preconditionFailure("images of one thing each")
    }
    return first.box
  }
}

private struct LocatingScores: TaskScores {
  private var found: [[Detection]] = []
  private var truth: [[LabelledBox]] = []

  private var judged: AveragePrecision {
    AveragePrecision(found: found, truth: truth, classes: 1, by: .voc2010)
  }
  var images: Int { found.count }
  var loss: Double? { nil }
  var value: Double { judged.value }
  var isFinite: Bool { true }
  var details: any TaskDetails { DetectionDetails(judged) }

  mutating func add(
    _ outputs: HeadOutputs, image: Int, truth annotation: Annotation, size: ImageSize?
  ) -> Finding {
    let answer = Locating().answers(outputs, image: image)[0]
    let there = Locating.box(annotation)
    let box = answer.box ?? there
    found.append([Detection(label: 0, box: box, score: 1)])
    truth.append([LabelledBox(label: 0, box: there)])
    return Finding(
      said: .boxes([LabelledBox(label: 0, box: box)]), confidence: 1, isRight: box.overlap(with: there) >= 0.5
    )
  }

  func report(classes: [String]) -> TaskReport {
    TaskReport(figures: SettingsNode(mapping: ["map": value.node]), line: "\(value)", lines: [])
  }
}
