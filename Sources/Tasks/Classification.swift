public import Datasets
public import Graphs
public import Metrics
import Ops
public import Tensors

/// Image classification: a network gives one score per class.
public struct Classification: ImageTask {
  /// The results: `ClassificationDetails`.
  public static let details: any TaskDetails.Type = ClassificationDetails.self

  /// Returns a linear network of four inputs and three classes, with four annotated images.
  public static func example() throws -> TaskExample {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4])])
    try graph.append(Linear(features: 3), name: "scores", inputs: ["image"])
    graph.outputs = ["scores"]
    return TaskExample(graph: graph, annotations: [2, 0, 1, 1].map { .label($0) }, classes: 3)
  }

  /// Makes the task, which has no settings.
  public init() {}

  /// Returns true for the class of a whole image.
  public func reads(_ annotation: Annotation) -> Bool { annotation.label != nil }

  /// Returns the head `scores`, the first output; throws unless its shape is `[batch, classes]` and it has no
  /// anchors.
  public func heads(of graph: Graph, network: String) throws(TaskError) -> [Head] {
    guard let output = graph.outputs.first, let shape = graph.shape(of: output), shape.rank == 2,
      graph.anchorRows(behind: output) == nil
    else {
      let found = graph.outputs.first.flatMap { graph.shape(of: $0)?.description } ?? "no output"
      throw .head(
        network: network, expected: "scores, [N, classes]", found: found, data: "one class an image",
        answer: "a classifier, such as lenet5")
    }
    return [Head(name: Head.scores, value: output, shape: [shape[1]])]
  }

  /// Returns one target, `labels`: a distribution over the classes for each image.
  public func targets(for heads: [Head]) -> [Target] { [Target(name: Target.labels, shape: heads[0].shape)] }

  /// Writes 1 at an image's class and 0 elsewhere; for a blended image the shares of its two classes.
  public func writeTargets(
    of batch: Batch, _ images: Range<Int>, for heads: [Head], into targets: [AlignedBuffer]
  ) {
    let classes = heads[0].shape.count
    targets[0].withMutableFloats { values in
      for i in 0..<images.count * classes { values[i] = 0 }
      for (row, image) in images.enumerated() {
        let share = batch.shares[image]
        values[row * classes + Self.label(batch.annotations[image])] += share
        values[row * classes + Self.label(batch.partners[image])] += 1 - share
      }
    }
  }

  /// Adds the cross-entropy with the smoothed labels; throws if a focus is set.
  public func minimizeLoss(in objective: inout ObjectiveBuilder, weight: Float) throws(TaskError) {
    guard objective.focus == nil else { throw .focusOfClasses }
    let scores = try objective.head(Head.scores)
    let labels = try objective.labels()
    let loss = objective.append(
      SoftmaxCrossEntropy(smoothing: objective.smoothing), name: "label-loss", inputs: [scores, labels])
    objective.minimize(loss, weight: weight)
  }

  /// Returns all classes with their probabilities, the most probable first.
  public func answers(_ outputs: HeadOutputs, image: Int) -> [Answer] {
    let row = outputs.row(of: image)
    var probabilities = [Double](repeating: 0, count: row.count)
    let scores = outputs.buffers[0]
    LogitRow.softmax(scores.floats, row, into: &probabilities)
    return probabilities.indices.sorted { (probabilities[$1], $0) < (probabilities[$0], $1) }
      .map { Answer(label: $0, confidence: probabilities[$0]) }
  }

  /// Returns 1 if the class with the largest score is the true one, else 0.
  public func contribution(_ outputs: HeadOutputs, image: Int, truth: Annotation) -> Double? {
    let scores = outputs.buffers[0]
    return LogitRow.argmax(scores.floats, outputs.row(of: image)) == truth.label ? 1 : 0
  }

  /// Returns the accuracy of guessing, `1/classes`.
  public func chance(classes: Int) -> Double? { 1 / Double(max(classes, 1)) }

  /// Returns `ClassificationScores` without images.
  public func scores(for heads: [Head]) -> any TaskScores {
    ClassificationScores(classes: heads[0].shape.count)
  }

  /// Returns the class of an annotation, which must be one of a whole image.
  static func label(_ annotation: Annotation) -> Int {
    guard let label = annotation.label else { preconditionFailure("images of one class each") }
    return label
  }
}
