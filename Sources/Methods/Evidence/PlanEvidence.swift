public import Execution
public import Graphs
public import Tensors
public import Training
import Datasets

/// Evidence from running a network on training images through a backend.
///
/// The source must yield images that are not augmented; each question reads it from the start of its first epoch, so
/// the order of batches is the source's own and the same for every question. Answers depend on threads and precision
/// as all sums of floats do.
///
///     let evidence = PlanEvidence(graph, backend: DNNLBackend(), source: loader, batch: 128)
public struct PlanEvidence: Evidence {
  let graph: Graph
  private let backend: any Backend
  private let source: any BatchSource
  let options: PlanOptions
  private let initial: [String: Tensor]?

  /// Makes evidence of a graph; nothing is computed before it is asked for. `batch` is the source's, `initial` holds the
  /// trainable parameters at initialization where they are known.
  public init(
    _ graph: Graph, backend: any Backend, source: any BatchSource, batch: Int, precision: Precision = .f32,
    threads: Int = 1, initial: [String: Tensor]? = nil
  ) {
    self.initial = initial
    self.graph = graph
    self.backend = backend
    self.source = source
    options = PlanOptions(batch: batch, mode: .training, precision: precision, threads: threads)
  }

  public func forEachGradient(
    images: Int, _ body: ([String: Tensor]) -> Void
  ) throws(MethodError) {
    do {
      try forEachGradient(of: graph, images: images, together: options.batch) { gradients, _ in
        body(gradients)
      }
    } catch {
      throw .evidence(method: "gradients", reason: "\(error)")
    }
  }

  public func forEachImageGradient(
    images: Int, _ body: ([String: Tensor]) -> Void
  ) throws(MethodError) {
    do {
      try forEachGradient(of: graph, images: images, together: 1) { gradients, _ in body(gradients) }
    } catch {
      throw .evidence(method: "gradients of images", reason: "\(error)")
    }
  }

  public func initialWeights() throws(MethodError) -> [String: Tensor] {
    guard let initial else {
      throw .evidence(
        method: "initial weights",
        reason: "they are not known of this network; choose a criterion that does without them")
    }
    return initial
  }

  /// Calls `body` with the gradient of the mean loss of `together` images at a time, and how many they were.
  func forEachGradient(
    of graph: Graph, images count: Int, together: Int, _ body: ([String: Tensor], _ count: Int) -> Void
  ) throws {
    let frozen = try FrozenNorms(graph)
    var options = options
    options.batch = together
    var builder = try ObjectiveBuilder(student: frozen.graph)
    builder.minimizeLabelLoss()
    let objective = try builder.finished(seed: 0)
    let plan = try backend.compile(objective.joined(to: frozen.graph), options)
    let images = try plan.input(frozen.graph.inputs[0].name)
    let labels = try plan.input(builder.labels())
    let loss = try plan.tap(objective.terms[0].value)
    var targets = [Float](repeating: 0, count: labels.count)
    let pixels = images.count / together
    try forEachBatch(images: count) { batch in
      for start in stride(from: 0, to: batch.count, by: together) {
        let range = start..<min(start + together, batch.count)
        plan.writeInput(
          images, batch.images.span.extracting(start * pixels..<(start + together) * pixels))
        var span = targets.mutableSpan
        batch.writeTargets(of: range, classes: builder.classes, into: &span)
        plan.writeInput(labels, targets.span)
        plan.run(key: 0)
        // Rows behind the last image of a batch that is not full weigh nothing.
        let seed = (0..<together).map { $0 < range.count ? 1 / Float(range.count) : 0 }
        plan.writeSeed(loss, seed.span)
        plan.backward()
        body(frozen.original(try plan.gradients()), range.count)
      }
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
