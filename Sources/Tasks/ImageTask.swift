public import Datasets
public import Graphs
public import Images
public import Metrics
public import Settings
public import Tensors

/// A task on images: the annotations that it trains on, the heads of a network, the loss and the metric.
///
/// A task has one file in this folder and one line in `TaskCatalogue`. Its metric and its results have their
/// files and lines in `Metrics`, and `PageTasks` shows the results on a page.
public protocol ImageTask: Sendable {
  /// The type of the results, which holds the task's name and metric.
  static var details: any TaskDetails.Type { get }
  /// Returns a small network with annotations, for tests of the laws of tasks.
  static func example() throws -> TaskExample
  /// Makes the task with its defaults.
  init()

  // MARK: Data

  /// Returns true if the task trains on this kind of annotation.
  func reads(_ annotation: Annotation) -> Bool
  /// Returns the targets that a batch gives an objective besides its images, for a network with these heads.
  func targets(for heads: [Head]) -> [Target]
  /// Writes the targets of a range of a batch's images, one buffer per target in the order of `targets`.
  ///
  /// It must not allocate.
  func writeTargets(
    of batch: Batch, _ images: Range<Int>, for heads: [Head], into targets: [AlignedBuffer])

  // MARK: Networks

  /// Returns the heads of a network; `network` is its name in messages.
  ///
  /// Throws if the network's outputs do not fit the task.
  func heads(of graph: Graph, network: String) throws(TaskError) -> [Head]
  /// Adds the task's loss times `weight` to an objective.
  func minimizeLoss(in objective: inout ObjectiveBuilder, weight: Float) throws(TaskError)

  // MARK: Judging

  /// Returns the network's answers for an image, the most confident first.
  func answers(_ outputs: HeadOutputs, image: Int) -> [Answer]
  /// Returns an image's contribution to the metric during training; `nil` if the metric is no mean over
  /// images.
  ///
  /// It must not allocate.
  func contribution(_ outputs: HeadOutputs, image: Int, truth: Annotation) -> Double?
  /// Returns the metric of guessing; `nil` if it is not known.
  func chance(classes: Int) -> Double?
  /// Returns scores without images for a network with these heads.
  func scores(for heads: [Head]) -> any TaskScores
}

extension ImageTask {
  /// The metric by which networks are ranked.
  public var metric: MetricKind { Self.details.metric }
}

/// A network with a task's heads, and annotations that the task reads.
public struct TaskExample: Sendable {
  /// The network.
  public let graph: Graph
  /// The annotations, one per image.
  public let annotations: [Annotation]
  /// The number of classes.
  public let classes: Int

  /// Makes an example.
  public init(graph: Graph, annotations: [Annotation], classes: Int) {
    (self.graph, self.annotations, self.classes) = (graph, annotations, classes)
  }
}

/// A value of a network that a task reads.
public struct Head: Sendable, Equatable {
  /// The name of the head with one score per class, from which a softmax makes probabilities.
  public static let scores = "scores"

  /// The name of the head, which says its role in the task.
  public let name: String
  /// The name of the value in the network's graph.
  public let value: String
  /// The shape for one image, without the batch.
  public let shape: Shape
  /// The anchors that the rows stand for; `nil` for a head about whole images.
  public let anchors: Anchors?
  /// The grid that a device keeps the value on; `nil` where it is real.
  public let grid: ValueGrid?

  /// Makes a head.
  public init(name: String, value: String, shape: Shape, anchors: Anchors? = nil, grid: ValueGrid? = nil) {
    (self.name, self.value, self.shape, self.anchors, self.grid) = (name, value, shape, anchors, grid)
  }
}

extension [Head] {
  /// Returns the head of a name; throws if there is none.
  ///
  /// The parameter `network` is the name in messages.
  public func named(_ name: String, network: String) throws(TaskError) -> Head {
    guard let head = first(where: { $0.name == name }) else {
      throw .noHead(network: network, name: name, known: map(\.name))
    }
    return head
  }
}

/// A target: an input of an objective that a batch provides besides its images.
public struct Target: Sendable, Hashable {
  /// The name of the target that is a distribution over the classes for each image.
  public static let labels = "labels"

  /// The name, such as `labels`.
  public let name: String
  /// The shape for one image, without the batch.
  public let shape: Shape

  /// Makes a target.
  public init(name: String, shape: Shape) { (self.name, self.shape) = (name, shape) }
}

/// An answer of a network about an image.
public struct Answer: Sendable, Equatable {
  /// The class.
  public let label: Int
  /// The confidence, 0...1.
  public let confidence: Double
  /// The box around the thing; `nil` if the answer is about the whole image.
  public let box: Box?

  /// Makes an answer.
  public init(label: Int, confidence: Double, box: Box? = nil) {
    (self.label, self.confidence, self.box) = (label, confidence, box)
  }
}

/// The values of a network's heads for a batch of images, in memory that is allocated once.
public struct HeadOutputs {
  /// The heads.
  public let heads: [Head]
  /// The values of each head, `[batch, shape]` in row-major order.
  public let buffers: [AlignedBuffer]

  /// Allocates memory for `batch` images.
  public init(_ heads: [Head], batch: Int) {
    self.heads = heads
    buffers = heads.map { AlignedBuffer(floats: batch * $0.shape.count) }
  }

  /// Returns the range of an image's values in a head's buffer.
  public func row(of image: Int, head: Int = 0) -> Range<Int> {
    let count = heads[head].shape.count
    return image * count..<(image + 1) * count
  }
}

/// The scores of a network on a set of images, accumulated image by image.
public protocol TaskScores: Sendable {
  /// The number of images that were scored.
  var images: Int { get }
  /// The mean loss; `nil` if the task has none without an objective.
  var loss: Double? { get }
  /// The metric so far, 0...1.
  var value: Double { get }
  /// True if no output of the network was infinite or not a number in a way that spoils the scores.
  var isFinite: Bool { get }
  /// The results that a trial keeps.
  var details: any TaskDetails { get }

  /// Adds an image, of a size as stored where that is known.
  mutating func add(_ outputs: HeadOutputs, image: Int, truth: Annotation, size: ImageSize?)
    -> Finding
  /// What `condense evaluate` prints.
  func report(classes: [String]) -> TaskReport
}

/// The finding for one image.
public struct Finding: Sendable, Equatable {
  /// The network's prediction.
  public let said: Annotation
  /// The confidence, 0...1.
  public let confidence: Double
  /// Of things, how sure it was of each; empty where the answer is about the whole image.
  public let confidences: [Double]
  /// True if the prediction has no error.
  public let isRight: Bool

  /// Makes a finding.
  public init(said: Annotation, confidence: Double, isRight: Bool, confidences: [Double] = []) {
    (self.said, self.confidence, self.isRight) = (said, confidence, isRight)
    self.confidences = confidences
  }
}

/// The scores of a network as figures for programs and lines for people.
public struct TaskReport: Sendable {
  /// The figures as a mapping.
  public let figures: SettingsNode
  /// The line with the main figures.
  public let line: String
  /// The further lines.
  public let lines: [String]

  /// Makes a report.
  public init(figures: SettingsNode, line: String, lines: [String]) {
    (self.figures, self.line, self.lines) = (figures, line, lines)
  }
}
