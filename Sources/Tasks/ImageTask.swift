public import Datasets
public import Graphs
public import Metrics
public import Settings
public import Tensors

/// What a network is asked about images: which annotations it learns from, which of its values answer, what it minimizes, and what
/// it is judged by.
///
/// One file in this folder with a line in `TaskCatalogue`; its metric and details are one in `Metrics`, with their lines there. What a
/// page shows of the details stands in `PageTasks`.
public protocol ImageTask: Sendable {
  /// What results keep of a judgement; it has the task's name and metric.
  static var details: any TaskDetails.Type { get }
  /// A small network and annotations that laws test it with.
  static func example() throws -> TaskExample
  init()

  // MARK: Data

  /// Whether it learns from such an annotation.
  func reads(_ annotation: Annotation) -> Bool
  /// What a batch tells the objective besides its images, for a network with these heads.
  func targets(for heads: [Head]) -> [Target]
  /// Writes what is known about a range of a batch's images, a buffer a target, in the order of `targets`; allocates nothing.
  func writeTargets(
    of batch: Batch, _ images: Range<Int>, for heads: [Head], into targets: [AlignedBuffer])

  // MARK: Networks

  /// The heads of a network; `network` says in messages which one it is.
  func heads(of graph: Graph, network: String) throws(TaskError) -> [Head]
  /// Adds what it minimizes to an objective, times `weight`.
  func minimizeLoss(in objective: inout ObjectiveBuilder, weight: Float) throws(TaskError)

  // MARK: Judging

  /// What a network says of an image, the surest first.
  func answers(_ outputs: HeadOutputs, image: Int) -> [Answer]
  /// What an image adds to the metric while training; `nil` where the metric is no mean over images. Allocates nothing.
  func contribution(_ outputs: HeadOutputs, image: Int, truth: Annotation) -> Double?
  /// The metric of guessing; `nil` where that is not known.
  func chance(classes: Int) -> Double?
  /// Scores of no images.
  func scores(for heads: [Head]) -> any TaskScores
}

extension ImageTask {
  /// What networks are ranked by.
  public var metric: MetricKind { Self.details.metric }
}

/// A network with a task's heads, and annotations that the task reads.
public struct TaskExample: Sendable {
  /// The network.
  public let graph: Graph
  /// One an image.
  public let annotations: [Annotation]
  /// How many classes they are of.
  public let classes: Int

  /// Makes an example.
  public init(graph: Graph, annotations: [Annotation], classes: Int) {
    (self.graph, self.annotations, self.classes) = (graph, annotations, classes)
  }
}

/// A value that a task reads of a network.
public struct Head: Sendable, Equatable {
  /// The name of the head of one score a class, of which a softmax makes probabilities.
  public static let scores = "scores"

  /// What it is to the task.
  public let name: String
  /// The network's value.
  public let value: String
  /// The extents of one image.
  public let shape: Shape
  /// The boxes that its rows are about; `nil` where it is about whole images.
  public let anchors: Anchors?

  /// Makes a head.
  public init(name: String, value: String, shape: Shape, anchors: Anchors? = nil) {
    (self.name, self.value, self.shape, self.anchors) = (name, value, shape, anchors)
  }
}

extension [Head] {
  /// The head of a name; `network` says in messages whose it would be.
  public func named(_ name: String, network: String) throws(TaskError) -> Head {
    guard let head = first(where: { $0.name == name }) else {
      throw .noHead(network: network, name: name, known: map(\.name))
    }
    return head
  }
}

/// Something that a batch tells an objective besides its images.
public struct Target: Sendable, Hashable {
  /// The name of the distribution over classes that an image should be given.
  public static let labels = "labels"

  /// Its name: `labels`.
  public let name: String
  /// The extents of one image.
  public let shape: Shape

  /// Makes a target.
  public init(name: String, shape: Shape) { (self.name, self.shape) = (name, shape) }
}

/// What a network says of an image.
public struct Answer: Sendable, Equatable {
  /// The class.
  public let label: Int
  /// How sure it is, 0…1.
  public let confidence: Double
  /// Where it sees it; `nil` where the answer is about the whole image.
  public let box: Box?

  /// Makes an answer.
  public init(label: Int, confidence: Double, box: Box? = nil) {
    (self.label, self.confidence, self.box) = (label, confidence, box)
  }
}

/// The values of a network's heads for a batch of images, in memory that is made once.
public struct HeadOutputs {
  /// The heads.
  public let heads: [Head]
  /// By head, `[N, shape]`, row-major.
  public let buffers: [AlignedBuffer]

  /// Room for `batch` images.
  public init(_ heads: [Head], batch: Int) {
    self.heads = heads
    buffers = heads.map { AlignedBuffer(floats: batch * $0.shape.count) }
  }

  /// Where the values of an image lie in a head's buffer.
  public func row(of image: Int, head: Int = 0) -> Range<Int> {
    let count = heads[head].shape.count
    return image * count..<(image + 1) * count
  }
}

/// How a network does on a set of images, which are added one by one.
public protocol TaskScores: Sendable {
  /// How many images were scored.
  var images: Int { get }
  /// The mean loss; `nil` where the task has none without an objective.
  var loss: Double? { get }
  /// The metric so far, 0…1.
  var value: Double { get }
  /// Whether the network said numbers of which scores can be made.
  var isFinite: Bool { get }
  /// What a trial's result keeps.
  var details: any TaskDetails { get }

  /// Adds an image.
  mutating func add(_ outputs: HeadOutputs, image: Int, truth: Annotation) -> Finding
  /// What `condense evaluate` prints.
  func report(classes: [String]) -> TaskReport
}

/// What was found of one image.
public struct Finding: Sendable, Equatable {
  /// What the network said.
  public let said: Annotation
  /// How sure it was, 0…1.
  public let confidence: Double
  /// Whether nothing of it is wrong.
  public let isRight: Bool

  /// Makes a finding.
  public init(said: Annotation, confidence: Double, isRight: Bool) {
    (self.said, self.confidence, self.isRight) = (said, confidence, isRight)
  }
}

/// Scores of a network for people and programs.
public struct TaskReport: Sendable {
  /// The figures as a mapping.
  public let figures: SettingsNode
  /// The main figures in a line.
  public let line: String
  /// Further lines.
  public let lines: [String]

  /// Makes a report.
  public init(figures: SettingsNode, line: String, lines: [String]) {
    (self.figures, self.line, self.lines) = (figures, line, lines)
  }
}
