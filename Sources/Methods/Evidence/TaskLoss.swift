import Datasets
import Execution
import Graphs
import Tasks
import Tensors

/// The task's loss of a network in inference for each image, and its gradients.
///
/// Batch norms are affine maps of their running statistics, and dropout is off.
struct TaskLoss {
  private let frozen: FrozenNorms
  private let task: any ImageTask
  private let heads: [Head]
  private let plan: any Plan
  private let images: InputID
  /// The memory to which the task writes the targets of a batch.
  private let buffers: [AlignedBuffer]
  private let inputs: [(input: InputID, buffer: AlignedBuffer)]
  private let losses: [(tap: TapID, weight: Float)]

  /// Compiles a training plan that runs `options.batch` images at a time.
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

  /// Runs a range of the images of a batch, at most `options.batch`; returns the sum of their losses.
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

  /// The gradients of the mean loss of the `count` images of the last run, by the network's parameters.
  func gradients(of count: Int) throws -> [String: Tensor] {
    // Rows after the last image of an incomplete batch get the weight 0.
    for (tap, weight) in losses {
      let seed = (0..<plan.options.batch).map { $0 < count ? weight / Float(count) : 0 }
      plan.writeSeed(tap, seed.span)
    }
    plan.backward()
    return frozen.original(try plan.gradients())
  }
}
