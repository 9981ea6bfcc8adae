import Datasets
import Execution
import Graphs
import Tasks
import Tensors

/// The task's loss of a network in inference, image by image, and its gradients.
///
/// Batch norms are the affine maps of their running statistics, and nothing drops out.
struct TaskLoss {
  private let frozen: FrozenNorms
  private let task: any ImageTask
  private let heads: [Head]
  private let plan: any Plan
  private let images: InputID
  /// The memory to which the task writes targets of a batch.
  private let buffers: [AlignedBuffer]
  private let inputs: [(input: InputID, buffer: AlignedBuffer)]
  private let losses: [(tap: TapID, weight: Float)]

  /// Compiles a training plan; `options.batch` images are run at a time.
  init(
    _ task: any ImageTask, of graph: Graph, backend: any Backend, _ options: PlanOptions
  ) throws {
    self.task = task
    let frozen = try FrozenNorms(graph)
    self.frozen = frozen
    var builder = try ObjectiveBuilder(task, student: frozen.graph)
    try builder.minimizeTaskLoss()
    let heads = builder.heads
    self.heads = heads
    let objective = try builder.finished(seed: 0)
    let targets = task.targets(for: heads)
    let plan = try backend.compile(objective.joined(to: frozen.graph), options)
    self.plan = plan
    images = try plan.input(frozen.graph.inputs[0].name)
    let buffers = targets.map { AlignedBuffer(floats: options.batch * $0.shape.count) }
    self.buffers = buffers
    inputs = try objective.targetInputs(among: targets).map { name, place in
      (try plan.input(name), buffers[place])
    }
    losses = try objective.terms.map { (tap: try plan.tap($0.value), weight: $0.weight) }
  }

  /// Runs some images of a batch, at most as many as the plan takes; returns the sum of their losses.
  @discardableResult
  func run(_ batch: Batch, _ range: Range<Int>) -> Double {
    // A batch that is not full has the memory of a full one, so the plan may always read its whole size.
    let size = plan.options.batch
    let pixels = images.count / size
    plan.writeInput(
      images, batch.images.span.extracting(range.lowerBound * pixels..<(range.lowerBound + size) * pixels))
    task.writeTargets(of: batch, range, for: heads, into: buffers)
    for (input, buffer) in inputs { plan.writeInput(input, buffer.floats) }
    plan.run(key: 0)
    return losses.reduce(0) { sum, loss in
      plan.values(of: loss.tap).prefix(range.count).reduce(sum) { $0 + Double($1) * Double(loss.weight) }
    }
  }

  /// The gradients of the mean loss of the `count` images that were run last, by the network's own
  /// parameters.
  func gradients(of count: Int) throws -> [String: Tensor] {
    // Rows behind the last image of an incomplete batch have no weight.
    for (tap, weight) in losses {
      let seed = (0..<plan.options.batch).map { $0 < count ? weight / Float(count) : 0 }
      plan.writeSeed(tap, seed.span)
    }
    plan.backward()
    return frozen.original(try plan.gradients())
  }
}
