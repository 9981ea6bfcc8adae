public import Execution
public import Graphs
import Settings
public import Tasks
public import Tensors
public import Training
import Datasets

/// Evidence computed by running a network on training images through a backend.
///
/// The source must yield images without augmentation. Each method reads the source's first epoch from its
/// start, so all see the same batches in the same order. Results depend on the number of threads and the
/// precision, as sums of floats do.
///
///     let evidence = PlanEvidence(
///       graph, task: Classification(), backend: DNNLBackend(), source: loader, batch: 128)
public struct PlanEvidence: Evidence {
  let graph: Graph
  private let task: any ImageTask
  private let backend: any Backend
  private let source: any BatchSource
  let options: PlanOptions
  private let initial: () throws -> [String: Tensor]?
  private let latency: ((Graph, String) throws -> Double)?

  /// Makes evidence of a graph; nothing is computed yet.
  ///
  /// `batch` is the batch size of the source. `initial` returns the trainable parameters at initialization, or
  /// `nil` if they are unknown; it is called by `initialWeights`. `latency` returns the latency of a network on
  /// the target of a name in milliseconds.
  public init(
    _ graph: Graph, task: any ImageTask, backend: any Backend, source: any BatchSource, batch: Int,
    precision: Precision = .f32,
    threads: Int = 1, initial: @escaping () throws -> [String: Tensor]? = { nil },
    latency: ((Graph, String) throws -> Double)? = nil
  ) {
    self.latency = latency
    self.initial = initial
    self.graph = graph
    self.task = task
    self.backend = backend
    self.source = source
    options = PlanOptions(batch: batch, mode: .training, precision: precision, threads: threads)
  }

  /// Calls `body` with the gradients of each batch of the source.
  public func forEachGradient(
    images: Int, _ body: ([String: Tensor]) -> Void
  ) throws {
    try located("gradients") {
      try forEachGradient(of: graph, images: images, together: options.batch) { gradients, _ in
        body(gradients)
      }
    }
  }

  /// Calls `body` with the gradients of one image at a time.
  public func forEachImageGradient(
    images: Int, _ body: ([String: Tensor]) -> Void
  ) throws {
    try located("gradients of images") {
      try forEachGradient(of: graph, images: images, together: 1) { gradients, _ in body(gradients) }
    }
  }

  /// The trainable parameters at initialization whose shape has not changed; throws if they are unknown.
  public func initialWeights() throws -> [String: Tensor] {
    guard let initial = try initial() else {
      throw MethodError.evidence(
        method: "initial weights",
        reason: "they are not known of this network; choose a criterion that does not need them")
    }
    return initial.filter { graph.parameters[$0]?.value.shape == $1.shape }
  }

  /// The latency by the closure `latency`, in milliseconds; throws if there is none.
  public func latencyMs(of graph: Graph, on target: String) throws -> Double {
    guard let latency else { return try NoEvidence().latencyMs(of: graph, on: target) }
    return try latency(graph, target)
  }

  /// The mean loss of a changed network over images, with frozen batch norms as for gradients.
  public func meanLoss(of changed: Graph, images: Int) throws -> Double {
    try located("losses") {
      let loss = try TaskLoss(task, of: changed, backend: backend, options)
      var sum = 0.0
      var seen = 0
      try forEachBatch(images: images) { batch in
        sum += loss.run(batch, 0..<batch.count)
        seen += batch.count
      }
      return sum / Double(seen)
    }
  }

  /// Calls `body` with the gradient of the mean loss of `together` images at a time, and their number.
  func forEachGradient(
    of graph: Graph, images count: Int, together: Int, _ body: ([String: Tensor], _ count: Int) -> Void
  ) throws {
    var options = options
    options.batch = together
    let loss = try TaskLoss(task, of: graph, backend: backend, options)
    try forEachBatch(images: count) { batch in
      for start in stride(from: 0, to: batch.count, by: together) {
        let range = start..<min(start + together, batch.count)
        loss.run(batch, range)
        body(try loss.gradients(of: range.count), range.count)
      }
    }
  }

  /// Calls `body` with values of the network, run in inference.
  public func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    try forEachActivation(of: values, in: graph, images: images, real: real, body)
  }

  /// Calls `body` with values of a changed network, run in inference.
  public func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    try forEachBatch(of: values, in: graph, images: images, real: real) { values, _ in body(values) }
  }

  /// Calls `body` with values of the network in inference and the classes of the images.
  ///
  /// Throws `MethodError.evidence` if an image has no class, as in data with boxes.
  public func forEachExample(
    of values: [String], images: Int, _ body: ([String: Tensor], _ classes: [Int]) -> Void
  ) throws {
    var isLabelled = true
    try forEachBatch(of: values, in: graph, images: images, real: true) { values, batch in
      let labels = batch.annotations.prefix(batch.count).compactMap(\.label)
      isLabelled = isLabelled && labels.count == batch.count
      if isLabelled { body(values, labels) }
    }
    guard isLabelled else {
      throw MethodError.evidence(
        method: "evidence", reason: "examples are of one class an image, these images have boxes")
    }
  }

  /// Calls `body` with the named values of each batch, and the batch.
  private func forEachBatch(
    of values: [String], in graph: Graph, images: Int, real: Bool,
    _ body: ([String: Tensor], Batch) -> Void
  ) throws {
    try located("activations") {
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
        body(activations, batch)
      }
    }
  }

  /// Calls `body` with batches of the first epoch until `images` images have been read; throws if there is none.
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
  func values(of tap: TapID) -> [Float] {
    var values = Array(repeating: Float(0), count: tap.count)
    var span = values.mutableSpan
    readTap(tap, into: &span)
    return values
  }
}
