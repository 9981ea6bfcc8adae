public import Datasets
public import Execution
public import Graphs
public import Ops
public import Tasks
public import Tensors

/// Runs a network over the images of a source and scores its outputs.
public final class Evaluator {
  private let task: any ImageTask
  private let plan: any Plan
  private let taps: [TapID]
  private let outputs: HeadOutputs
  private let work: GatedWork
  private let gateTaps: [TapID]
  /// The multiply-adds of the images that `score` saw last; `nil` for a network without gates.
  public private(set) var imageWork: ImageWork?

  /// Compiles an inference plan of the graph, with separate weights.
  public init(
    _ graph: Graph, task: any ImageTask, backend: any Backend, batch: Int, precision: Precision, threads: Int
  ) throws {
    self.task = task
    outputs = HeadOutputs(try task.heads(of: graph, network: "evaluation"), batch: batch)
    work = GatedWork(graph)
    let options = PlanOptions(
      batch: batch, mode: .inference, precision: precision, threads: threads, taps: work.gates)
    let plan = try backend.compile(graph, options)
    self.plan = plan
    taps = try outputs.heads.map { try plan.tap($0.value) }
    gateTaps = try work.gates.map { try plan.tap($0) }
  }

  /// Replaces the weights and statistics.
  public func load(_ parameters: [String: Tensor]) throws {
    try plan.load(TrainingState(parameters: parameters))
  }

  /// A closure that is called for every image, with its batch, its place in it, and the finding.
  public typealias Listener = (_ batch: Batch, _ place: Int, _ finding: Finding) -> Void

  /// Scores all images of a source, whose batches must have the plan's size; `nil` if asked to stop.
  ///
  /// `classes` are the network's classes by the source's, if the two differ.
  public func score(
    _ source: any BatchSource, classes: [Int]? = nil, shouldStop: () -> Bool = { false },
    listener: Listener? = nil
  ) throws -> (any TaskScores)? {
    var scores = task.scores(for: outputs.heads)
    imageWork = gateTaps.isEmpty ? nil : ImageWork()
    source.startEpoch(0, fromStep: 0)
    while true {
      guard let batch = try source.next() else { return scores }
      let images = batch.images
      forward(images.span)
      countWork(images: batch.count)
      for place in 0..<batch.count {
        let truth = batch.annotations[place]
        let finding = scores.add(
          outputs, image: place, truth: classes.map(truth.renumbered) ?? truth,
          size: batch.sizes[place])
        listener?(batch, place, finding)
      }
      if shouldStop() { return nil }
    }
  }

  /// Counts the multiply-adds of the first images of the last batch, without products of channels whose gates
  /// are 0.
  private func countWork(images: Int) {
    guard !gateTaps.isEmpty else { return }
    var open = Array(repeating: Array(repeating: 0, count: gateTaps.count), count: images)
    for (gate, tap) in gateTaps.enumerated() {
      var numbers = Array(repeating: Float(0), count: tap.count)
      var span = numbers.mutableSpan
      plan.readTap(tap, into: &span)
      let channels = tap.count / plan.options.batch
      for image in 0..<images {
        open[image][gate] = numbers[image * channels..<(image + 1) * channels].count { $0 != 0 }
      }
    }
    for image in open { imageWork?.add(work.multiplyAdds(open: image)) }
  }

  /// The answers of the network to one prepared input, the surest first.
  public func answers(to input: [Float]) -> [Answer] {
    let images = input + Array(repeating: 0, count: input.count * (plan.options.batch - 1))
    forward(images.span)
    return task.answers(outputs, image: 0)
  }

  /// Runs the network and reads its heads.
  private func forward(_ images: Span<Float>) {
    plan.forward(images, key: 0)
    for (tap, buffer) in zip(taps, outputs.buffers) {
      buffer.withMutableFloats { plan.readTap(tap, into: &$0) }
    }
  }
}
