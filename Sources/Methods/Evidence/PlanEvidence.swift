public import Execution
public import Graphs
public import Tensors
public import Training
import Datasets
import Ops

/// Evidence from running a network on training images through a backend.
///
/// The source must yield images that are not augmented; each question reads it from the start of its first epoch, so
/// the order of batches is the source's own and the same for every question. Answers depend on threads and precision
/// as all sums of floats do.
///
///     let evidence = PlanEvidence(graph, backend: DNNLBackend(), source: loader, batch: 128)
public struct PlanEvidence: Evidence {
  private let graph: Graph
  private let backend: any Backend
  private let source: any BatchSource
  private let options: PlanOptions

  /// Makes evidence of a graph; nothing is computed before it is asked for. `batch` is the source's.
  public init(
    _ graph: Graph, backend: any Backend, source: any BatchSource, batch: Int, precision: Precision = .f32,
    threads: Int = 1
  ) {
    self.graph = graph
    self.backend = backend
    self.source = source
    options = PlanOptions(batch: batch, mode: .training, precision: precision, threads: threads)
  }

  public func forEachGradient(
    images: Int, _ body: ([String: Tensor]) -> Void
  ) throws(MethodError) {
    do {
      let frozen = try FrozenNorms(graph)
      let plan = try backend.compile(frozen.graph, options)
      let head = try plan.tap(frozen.graph.outputs[0])
      let loss = SoftmaxCrossEntropy()
      let classes = head.count / options.batch
      try forEachBatch(images: images) { batch in
        plan.forward(batch.images.span, key: 0)
        plan.writeSeed(head, loss.seed(plan.values(of: head), classes: classes, batch).span)
        plan.backward()
        body(frozen.original(try plan.gradients()))
      }
    } catch {
      throw .evidence(method: "gradients", reason: "\(error)")
    }
  }

  public func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws(MethodError) {
    do {
      var observed = graph
      if real { observed.values = [:] }
      var options = options
      options.mode = .inference
      options.taps = values
      let plan = try backend.compile(observed, options)
      var taps: [(name: String, tap: TapID, shape: Shape)] = []
      for name in values { taps.append((name, try plan.tap(name), observed.shape(of: name) ?? [])) }
      try forEachBatch(images: images) { batch in
        plan.forward(batch.images.span, key: 0)
        var activations: [String: Tensor] = [:]
        for (name, tap, shape) in taps {
          let shape = shape.withBatch(batch.count)
          activations[name] = Tensor(Array(plan.values(of: tap).prefix(shape.count)), shape: shape)
        }
        body(activations)
      }
    } catch {
      throw .evidence(method: "activations", reason: "\(error)")
    }
  }

  /// The batches of the first epoch until enough images have been seen.
  private func forEachBatch(images: Int, _ body: (Batch) throws -> Void) throws {
    source.startEpoch(0, fromStep: 0)
    var seen = 0
    while seen < images, let batch = try source.next() {
      try body(batch)
      seen += batch.count
    }
    guard seen > 0 else {
      throw MethodError.evidence(method: "evidence", reason: "there are no training images to look at")
    }
  }
}

extension Plan {
  /// A copy of a value.
  fileprivate func values(of tap: TapID) -> [Float] {
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    readTap(tap, into: &span)
    return values
  }
}

extension SoftmaxCrossEntropy {
  /// The gradient by logits `[N, C]` of the mean loss over the images of a batch; rows behind the last one keep zero.
  fileprivate func seed(_ logits: [Float], classes: Int, _ batch: Batch) -> [Float] {
    var targets = [Float](repeating: 0, count: logits.count)
    var span = targets.mutableSpan
    batch.writeTargets(of: 0..<batch.count, classes: classes, into: &span)
    var frame = GradientFrame(
      KernelFrame(
        inputs: [logits, targets].map { Tensor($0, shape: [logits.count / classes, classes]) },
        parameters: [],
        output: Tensor(zeros: [logits.count / classes]), mode: .training,
        random: SeededRandom(seed: 0, purpose: "loss")),
      outputGradient: Tensor(
        (0..<logits.count / classes).map { $0 < batch.count ? 1 / Float(batch.count) : 0 },
        shape: [logits.count / classes]))
    backward(&frame)
    return frame.inputGradients[0].values
  }
}
