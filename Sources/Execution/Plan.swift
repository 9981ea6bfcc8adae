public import Tensors

/// Prepared passes over a graph for one batch size: a step is a flat walk that allocates nothing.
///
///     let plan = try backend.compile(graph, PlanOptions(batch: 128, mode: .training, threads: 2))
///     let logits = try plan.tap("logits")
///     plan.forward(images, key: 7)
///     plan.readTap(logits, into: &values)
///     plan.writeSeed(logits, gradient)         // of what is minimized, by the value
///     plan.backward()
///     plan.update(SGD(), StepParameters(rate: 0.1))
public protocol Plan: AnyObject {
  /// What the plan was compiled for.
  var options: PlanOptions { get }
  /// The handle of a value that may be read or seeded.
  func tap(_ value: String) throws(ExecutionError) -> TapID
  /// Runs all nodes on a batch, plain `[N, C, H, W]` floats; `key` feeds the random ops (dropout), each node
  /// drawing from `nodeStream(key:node:)`. A graph of several inputs takes them one after another.
  func forward(_ images: Span<Float>, key: UInt64)
  /// The handle of an input that is written by itself.
  func input(_ name: String) throws(ExecutionError) -> InputID
  /// Copies what an input holds for a batch, plain row-major; it stays until it is written again.
  func writeInput(_ input: InputID, _ values: Span<Float>)
  /// Runs all nodes on what the inputs hold, as `forward` does.
  func run(key: UInt64)
  /// Copies a value, plain row-major with the batch first.
  func readTap(_ tap: TapID, into values: inout MutableSpan<Float>)
  /// Sets the loss's own gradient by a value, plain row-major; it stays until set again and starts as zero.
  func writeSeed(_ tap: TapID, _ gradient: Span<Float>)
  /// Runs all gradients. With micro-batches the sums are kept until the update; they belong to the shared weights, so
  /// plans of different batch sizes may add to one update.
  func backward()
  /// Lends the gradients of all parameters that updates change as one span, for clipping, norms, penalties and sums over
  /// ranks; those of frozen ones are not among them.
  ///
  /// The order is the plan's own; elements that only pad a layout are zero.
  func withGradients<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R
  /// The handle of a trainable parameter.
  func parameter(_ name: String) throws(ExecutionError) -> ParameterID
  /// Where each element of a trainable parameter, in row-major order, lies among what `withParameter` lends; allocates.
  func order(of parameter: String) throws(ExecutionError) -> [Int32]
  /// Lends the weights of a parameter and its gradient, both in the plan's own order; elements that only pad are zero.
  func withParameter<R>(
    _ parameter: ParameterID, _ body: (Span<Float>, inout MutableSpan<Float>) throws -> R
  ) rethrows -> R
  /// The same gradients as tensors in plain layouts, by parameter; allocates, so for analyses and not for steps.
  func gradients() throws(ExecutionError) -> [String: Tensor]
  /// Applies an update rule to every trainable parameter that is not frozen, decay only to those that decay, and the moving
  /// average.
  func update(_ rule: any UpdateRule, _ step: StepParameters)
  /// Whether every weight that the last update wrote, and every running statistic, is a finite number; allocates nothing.
  ///
  /// The loss alone does not tell: a rectifier may make 0 of a value that is not a number.
  var isFinite: Bool { get }
  /// Parameters, statistics, moments and averages in plain layouts; a loaded snapshot continues bit for bit.
  func snapshot() -> TrainingState
  /// Puts back a snapshot; parameters it lacks are refused, moments it lacks start at zero.
  func load(_ state: TrainingState) throws(ExecutionError)
  /// Which kernel runs each call, in order of execution: for `show --plan` and to find slow paths.
  var kernels: [KernelDescription] { get }
}

/// A value of a plan that may be read or seeded.
public struct TapID: Hashable, Sendable {
  /// The position in the plan's own table.
  public let index: Int
  /// Elements of the value for the plan's batch.
  public let count: Int

  /// Makes a handle; plans do.
  public init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }
}

/// A trainable parameter of a plan.
public struct ParameterID: Hashable, Sendable {
  /// The position in the plan's own table.
  public let index: Int

  /// Makes a handle; plans do.
  public init(index: Int) { self.index = index }
}

/// An input of a plan.
public struct InputID: Hashable, Sendable {
  /// The position among the graph's inputs.
  public let index: Int
  /// Elements of the input for the plan's batch.
  public let count: Int

  /// Makes a handle; plans do.
  public init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }
}

/// One prepared kernel call.
public struct KernelDescription: Sendable, Equatable {
  /// The node it belongs to.
  public let node: String
  /// `forward`, `backward-data`, `backward-weights`, `reorder`, …
  public let pass: String
  /// The implementation's name as the library gives it: `brgconv:avx512_core`, `reference`.
  public let implementation: String

  /// Makes a description.
  public init(node: String, pass: String, implementation: String) {
    self.node = node
    self.pass = pass
    self.implementation = implementation
  }
}

/// A rule that turns gradients into new weights, element by element.
///
/// It must map zero weights, gradients and moments to zero weights: layouts pad with zeros.
public protocol UpdateRule: Sendable {
  /// How many moments a weight has: 1 for momentum, 2 for Adam.
  var momentCount: Int { get }
  /// Updates a range of weights in place. `second` is empty for rules of one moment. `decay` is this range's.
  func update(
    weights: inout MutableSpan<Float>, gradients: Span<Float>, first: inout MutableSpan<Float>,
    second: inout MutableSpan<Float>, decay: Float, _ step: StepParameters)
}

/// What changes from step to step.
public struct StepParameters: Sendable, Equatable {
  /// The learning rate.
  public var rate: Float
  /// Weight decay, for the parameters that decay.
  public var decay: Float
  /// A factor on every gradient: 1/micro-batches, times the clipping factor.
  public var gradientScale: Float
  /// The number of this update, from 1: bias correction.
  public var number: Int
  /// The decay of the moving average of weights and statistics, `a ← decay·a + (1 - decay)·w` after the update;
  /// it starts as the weights before the first update that keeps one. `nil` keeps none.
  public var averageDecay: Float?

  /// Makes parameters.
  public init(
    rate: Float, decay: Float = 0, gradientScale: Float = 1, number: Int = 1, averageDecay: Float? = nil
  ) {
    self.rate = rate
    self.decay = decay
    self.gradientScale = gradientScale
    self.number = number
    self.averageDecay = averageDecay
  }
}

/// Everything that training changes, by parameter name, in plain layouts.
public struct TrainingState: Sendable, Equatable {
  /// Weights, biases and running statistics.
  public var parameters: [String: Tensor]
  /// First moments of the trainable parameters.
  public var firstMoments: [String: Tensor]
  /// Second moments, for rules that have them.
  public var secondMoments: [String: Tensor]
  /// Moving averages of parameters and running statistics, when they are kept.
  public var averages: [String: Tensor]

  /// Makes a state.
  public init(
    parameters: [String: Tensor], firstMoments: [String: Tensor] = [:], secondMoments: [String: Tensor] = [:],
    averages: [String: Tensor] = [:]
  ) {
    self.parameters = parameters
    self.firstMoments = firstMoments
    self.secondMoments = secondMoments
    self.averages = averages
  }
}

/// The random stream of a node in one step: equal for every backend, so that masks agree.
public func nodeStream(key: UInt64, node: String) -> SeededRandom {
  SeededRandom(seed: key, purpose: node)
}
