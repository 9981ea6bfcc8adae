public import Datasets
public import Execution
public import Graphs
import Images
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

  /// Scores all images of a source on every rank; each rank runs the network on every `count`th batch.
  func score(_ source: any BatchSource, over ranks: any Ranks) throws -> any TaskScores {
    var scores = task.scores(for: outputs.heads)
    let size = outputs.buffers.reduce(0) { $0 + $1.floats.count }
    // Each rank has the outputs of its own batch at its own place, and zeros elsewhere.
    var sum = OrderedSum<Float>(count: ranks.count * size, terms: 1)
    var round: [(truths: ArraySlice<Annotation>, sizes: ArraySlice<ImageSize?>)] = []
    var isOver = false
    source.startEpoch(0, fromStep: 0)
    while !isOver {
      if let batch = try source.next() {
        if round.count == ranks.rank {
          let images = batch.images
          forward(images.span)
          keepOutputs(in: &sum.terms[0], at: ranks.rank * size)
        }
        round.append((batch.annotations.prefix(batch.count), batch.sizes.prefix(batch.count)))
      } else {
        isOver = true
      }
      guard round.count == ranks.count || (isOver && !round.isEmpty) else { continue }
      try sum.collect(over: ranks)
      try sum.spread(over: ranks)
      for (place, batch) in round.enumerated() {
        loadOutputs(from: sum.total, at: place * size)
        for image in batch.truths.indices {
          _ = scores.add(outputs, image: image, truth: batch.truths[image], size: batch.sizes[image])
        }
      }
      round = []
    }
    return scores
  }

  /// Copies the outputs of the last batch into `values` from `start` on.
  private func keepOutputs(in values: inout [Float], at start: Int) {
    var place = start
    for buffer in outputs.buffers {
      let floats = buffer.floats
      for i in floats.indices { values[place + i] = floats[i] }
      place += floats.count
    }
  }

  /// Copies the outputs of a batch from `values`.
  private func loadOutputs(from values: [Float], at start: Int) {
    var place = start
    for buffer in outputs.buffers {
      let offset = place
      buffer.withMutableFloats { floats in
        for i in floats.indices { floats[i] = values[offset + i] }
      }
      place += buffer.floats.count
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
