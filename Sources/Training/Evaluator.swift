public import Datasets
public import Execution
public import Graphs
public import Tensors

/// Runs a network over the images of a source and scores what it says.
public final class Evaluator {
  private let plan: any Plan
  private let tap: TapID
  private let classes: Int
  private let values: AlignedBuffer

  /// Compiles an inference plan of the graph, with weights of its own.
  public init(
    _ graph: Graph, backend: any Backend, batch: Int, precision: Precision, threads: Int
  ) throws(TrainingError) {
    let head: String
    (head, classes) = try graph.scores(network: "evaluation")
    do throws(ExecutionError) {
      let options = PlanOptions(batch: batch, mode: .inference, precision: precision, threads: threads)
      plan = try backend.compile(graph, options)
      tap = try plan.tap(head)
    } catch {
      throw .execution(error)
    }
    values = AlignedBuffer(floats: batch * classes)
  }

  /// Takes other weights and statistics.
  public func load(_ parameters: [String: Tensor]) throws(TrainingError) {
    do throws(ExecutionError) {
      try plan.load(TrainingState(parameters: parameters))
    } catch {
      throw .execution(error)
    }
  }

  /// What is told about every image: its batch, its place in it, and what the network said.
  public typealias Listener = (_ batch: Batch, _ place: Int, _ prediction: ClassificationMetrics.Prediction)
    -> Void

  /// Scores all images of a source, whose batches must have the plan's size; `nil` when asked to stop meanwhile.
  ///
  /// `labels` are the network's classes by the source's, where the two differ.
  public func score(
    _ source: any BatchSource, labels: [Int]? = nil, shouldStop: () -> Bool = { false },
    listener: Listener? = nil
  ) throws(TrainingError) -> ClassificationMetrics? {
    var metrics = ClassificationMetrics(classes: classes)
    let values = values
    source.startEpoch(0, fromStep: 0)
    while true {
      guard let batch = try Self.next(source) else { return metrics }
      forward(batch)
      for place in 0..<batch.count {
        let row = place * classes..<(place + 1) * classes
        let label = Int(batch.labels[place])
        let prediction = metrics.add(logits: values.floats, row: row, label: labels?[label] ?? label)
        listener?(batch, place, prediction)
      }
      if shouldStop() { return nil }
    }
  }

  /// The probability of every class for one prepared input, which stands first in a batch of which the rest is zero.
  public func probabilities(of input: [Float]) -> [Double] {
    let images = input + Array(repeating: 0, count: input.count * (plan.options.batch - 1))
    plan.forward(images.span, key: 0)
    readLogits()
    let buffer = values
    var probabilities = [Double](repeating: 0, count: classes)
    LogitRow.softmax(buffer.floats, 0..<classes, into: &probabilities)
    return probabilities
  }

  private func forward(_ batch: Batch) {
    let images = batch.images
    plan.forward(images.span, key: 0)
    readLogits()
  }

  private func readLogits() {
    values.withMutableFloats { plan.readTap(tap, into: &$0) }
  }

  private static func next(_ source: any BatchSource) throws(TrainingError) -> Batch? {
    do throws(DatasetError) {
      return try source.next()
    } catch {
      throw .dataset(error)
    }
  }
}

extension Graph {
  /// The head that tells classes apart: the value of the logits, `[N, C]`, and C. It is the first output.
  func scores(network: String) throws(TrainingError) -> (head: String, classes: Int) {
    guard let output = outputs.first, let shape = shape(of: output), shape.rank == 2 else {
      let found = outputs.first.flatMap { self.shape(of: $0)?.description } ?? "no output"
      throw .output(network: network, classes: 0, found: found)
    }
    return (output, shape[1])
  }
}
