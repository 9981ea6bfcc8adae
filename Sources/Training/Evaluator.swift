public import Datasets
public import Execution
public import Graphs
public import Tasks
public import Tensors

/// Runs a network over the images of a source and scores what it says.
public final class Evaluator {
  private let task: any ImageTask
  private let plan: any Plan
  private let taps: [TapID]
  private let outputs: HeadOutputs

  /// Compiles an inference plan of the graph, with weights of its own.
  public init(
    _ graph: Graph, task: any ImageTask, backend: any Backend, batch: Int, precision: Precision, threads: Int
  ) throws {
    self.task = task
    outputs = HeadOutputs(try task.heads(of: graph, network: "evaluation"), batch: batch)
    let options = PlanOptions(batch: batch, mode: .inference, precision: precision, threads: threads)
    let plan = try backend.compile(graph, options)
    self.plan = plan
    taps = try outputs.heads.map { try plan.tap($0.value) }
  }

  /// Takes other weights and statistics.
  public func load(_ parameters: [String: Tensor]) throws {
    try plan.load(TrainingState(parameters: parameters))
  }

  /// What is told about every image: its batch, its place in it, and what was found.
  public typealias Listener = (_ batch: Batch, _ place: Int, _ finding: Finding) -> Void

  /// Scores all images of a source, whose batches must have the plan's size; `nil` when asked to stop meanwhile.
  ///
  /// `classes` are the network's classes by the source's, where the two differ.
  public func score(
    _ source: any BatchSource, classes: [Int]? = nil, shouldStop: () -> Bool = { false },
    listener: Listener? = nil
  ) throws -> (any TaskScores)? {
    var scores = task.scores(for: outputs.heads)
    source.startEpoch(0, fromStep: 0)
    while true {
      guard let batch = try source.next() else { return scores }
      let images = batch.images
      forward(images.span)
      for place in 0..<batch.count {
        let truth = batch.annotations[place]
        let finding = scores.add(outputs, image: place, truth: classes.map(truth.renumbered) ?? truth)
        listener?(batch, place, finding)
      }
      if shouldStop() { return nil }
    }
  }

  /// What the network says of one prepared input, the surest first.
  public func answers(to input: [Float]) -> [Answer] {
    let images = input + Array(repeating: 0, count: input.count * (plan.options.batch - 1))
    forward(images.span)
    return task.answers(outputs, image: 0)
  }

  private func forward(_ images: Span<Float>) {
    plan.forward(images, key: 0)
    for (tap, buffer) in zip(taps, outputs.buffers) {
      buffer.withMutableFloats { plan.readTap(tap, into: &$0) }
    }
  }
}
