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
  /// The options with which the plan was compiled.
  var options: PlanOptions { get }
  /// The handle of a value that may be read or seeded.
  func tap(_ value: String) throws(ExecutionError) -> TapID
  /// Runs all nodes on a batch of plain `[N, C, H, W]` floats.
  ///
  /// `key` feeds random ops such as dropout; each node draws from `nodeStream(key:node:)`. A graph with
  /// several inputs takes them one after another.
  func forward(_ images: Span<Float>, key: UInt64)
  /// The handle of an input that is written on its own.
  func input(_ name: String) throws(ExecutionError) -> InputID
  /// Copies a batch of values, plain and row-major, into an input; they stay until the next write.
  func writeInput(_ input: InputID, _ values: Span<Float>)
  /// Runs all nodes on the inputs' present values, as `forward` does.
  func run(key: UInt64)
  /// Copies a value out, plain and row-major with the batch first.
  func readTap(_ tap: TapID, into values: inout MutableSpan<Float>)
  /// Sets the loss's gradient by a value, plain and row-major.
  ///
  /// It is zero at first, and stays until it is set again.
  func writeSeed(_ tap: TapID, _ gradient: Span<Float>)
  /// Computes all gradients.
  ///
  /// With micro-batches they are summed until the update. The sums belong to the shared weights, so plans of
  /// different batch sizes may add to one update.
  func backward()
  /// Lends the gradients of all parameters that updates change as one span.
  ///
  /// It serves clipping, norms, penalties and sums over ranks. Gradients of frozen parameters are not
  /// included. The order is the plan's own; elements that pad a layout are zero.
  func withGradients<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R
  /// Lends all running statistics as one span, in the plan's own order; padding is zero.
  ///
  /// A training whose micro-batches are divided among ranks combines them here, before the update.
  func withStatistics<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R
  /// The handle of a trainable parameter.
  func parameter(_ name: String) throws(ExecutionError) -> ParameterID
  /// The positions of a trainable parameter's elements, taken row-major, in the spans of `withParameter`;
  /// allocates.
  func order(of parameter: String) throws(ExecutionError) -> [Int32]
  /// Lends the weights of a parameter and its gradient, both in the plan's own order; padding is zero.
  func withParameter<R>(
    _ parameter: ParameterID, _ body: (Span<Float>, inout MutableSpan<Float>) throws -> R
  ) rethrows -> R
  /// The gradients as tensors in plain layouts, by parameter.
  ///
  /// It allocates, so it is for analyses and not for steps.
  func gradients() throws(ExecutionError) -> [String: Tensor]
  /// Applies an update rule to every trainable parameter that is not frozen, and moves the averages.
  ///
  /// Weight decay applies to parameters that decay.
  func update(_ rule: any UpdateRule, _ step: StepParameters)
  /// True if every weight that the last update wrote, and every running statistic, is finite; allocates
  /// nothing.
  ///
  /// The loss alone does not show it, as a rectifier may turn NaN into 0.
  var isFinite: Bool { get }
  /// The parameters, statistics, moments and averages in plain layouts.
  ///
  /// Training continues from a loaded snapshot bit for bit.
  func snapshot() -> TrainingState
  /// Loads a snapshot; it must hold all parameters, while missing moments start at zero.
  func load(_ state: TrainingState) throws(ExecutionError)
  /// The kernel of each call, in order of execution, for `show --plan` and the search for slow paths.
  var kernels: [KernelDescription] { get }
}

/// The handle of a value that can be read or seeded.
public struct TapID: Hashable, Sendable {
  /// The position in the plan's table.
  public let index: Int
  /// The number of elements of the value for the plan's batch.
  public let count: Int

  /// Makes a handle, as plans do.
  public init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }
}

/// The handle of a trainable parameter.
public struct ParameterID: Hashable, Sendable {
  /// The position in the plan's table.
  public let index: Int

  /// Makes a handle, as plans do.
  public init(index: Int) { self.index = index }
}

/// The handle of an input.
public struct InputID: Hashable, Sendable {
  /// The position among the graph's inputs.
  public let index: Int
  /// The number of elements of the input for the plan's batch.
  public let count: Int

  /// Makes a handle, as plans do.
  public init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }
}

/// One prepared kernel call.
public struct KernelDescription: Sendable, Equatable {
  /// The node to which it belongs.
  public let node: String
  /// The purpose of the call: `forward`, `backward-data`, `backward-weights`, `reorder`, ….
  public let pass: String
  /// The library's name of the implementation: `brgconv:avx512_core`, `reference`.
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
/// It must turn zero weights, gradients and moments into zero weights, as layouts are padded with zeros.
public protocol UpdateRule: Sendable {
  /// The number of moments of a weight: 1 for momentum, 2 for Adam.
  var momentCount: Int { get }
  /// Updates a range of weights in place.
  ///
  /// `second` is empty for rules with one moment. `decay` is the weight decay of this range.
  func update(
    weights: inout MutableSpan<Float>, gradients: Span<Float>, first: inout MutableSpan<Float>,
    second: inout MutableSpan<Float>, decay: Float, _ step: StepParameters)
}

/// The numbers that change from step to step.
public struct StepParameters: Sendable, Equatable {
  /// The learning rate.
  public var rate: Float
  /// The weight decay, for parameters that decay.
  public var decay: Float
  /// The factor of every gradient: 1/micro-batches times the clipping factor.
  public var gradientScale: Float
  /// The number of this update, from 1, for bias correction.
  public var number: Int
  /// The decay of the moving average of weights and statistics; `nil` keeps no average.
  ///
  /// After an update, `a ← decay·a + (1 - decay)·w`. The average starts as the weights before the first
  /// update that keeps one.
  public var averageDecay: Float?

  /// Makes the numbers of a step.
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
  /// The first moments of trainable parameters.
  public var firstMoments: [String: Tensor]
  /// The second moments, for rules with two.
  public var secondMoments: [String: Tensor]
  /// The moving averages of parameters and running statistics, if they are kept.
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

/// The random stream of a node in one step, which is the same for every backend, so that masks agree.
public func nodeStream(key: UInt64, node: String) -> SeededRandom {
  SeededRandom(seed: key, purpose: node)
}
