public import Settings
public import Tensors

/// A kind of computation that a node of a graph applies to its input values.
///
/// An op is a struct of settings. It declares its output's shape, its parameters, its cost and its effect on
/// channels that are removed. It also has a readable reference kernel, against which every faster kernel is
/// tested. Shapes have the batch as their first axis: images `[N, C, H, W]`, features `[N, F]`.
public protocol Op: Configurable, Sendable {
  /// The name in files, such as `conv2d`; never renamed.
  static var kind: String { get }
  /// Small cases that the laws of ops run; together they cover every setting.
  static var examples: [OpExample<Self>] { get }

  /// Throws for settings that are invalid together, before any shape is known.
  func validate() throws(ShapeError)
  /// The shape of the output.
  func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape
  /// The parameters, in the order in which kernels receive them. `inputs` have passed `outputShape`.
  func parameters(_ inputs: [Shape]) -> [ParameterSlot]
  /// Multiply-adds and traffic of one forward pass over these shapes.
  func cost(_ inputs: [Shape], output: Shape) -> OpCost
  /// The rule by which the channels (axis 1) of the output come from those of the inputs.
  func channels(_ inputs: [Shape]) -> ChannelRule
  /// The effect of the op on the numbers that it reads, for devices that store integers.
  var valueFlow: ValueFlow { get }
  /// The same op on fewer channels; settings that count channels follow the new shapes.
  func resized(inputs: [Shape], outputChannels: Int) -> Self
  /// The same op on fewer channels; `kept` lists the channels that each input keeps, `nil` for all.
  ///
  /// Ops whose settings depend on the kept channels, not only on their number, implement this method.
  func resized(inputs: [Shape], outputChannels: Int, kept: [[Int]?]) -> Self
  /// The place where a device may put the output in inference.
  var placement: OutputPlacement { get }
  /// True if gradients are derivatives of the output; false if they are estimates, such as straight-through ones.
  var gradientsAreDerivatives: Bool { get }

  /// The reference kernel: writes every element of `frame.output`.
  func forward(_ frame: inout KernelFrame)
  /// The reference gradient: writes `frame.inputGradients` and `frame.parameterGradients`, which arrive as
  /// zeros.
  func backward(_ frame: inout GradientFrame)
}

extension Op {
  /// Accepts all settings.
  public func validate() throws(ShapeError) {}
  /// No parameters.
  public func parameters(_ inputs: [Shape]) -> [ParameterSlot] { [] }
  /// No multiply-adds; the traffic of all inputs and the output.
  public func cost(_ inputs: [Shape], output: Shape) -> OpCost { OpCost(inputs: inputs, output: output) }
  /// Computing, as most ops do.
  public var valueFlow: ValueFlow { .computing }
  /// The op itself: no setting counts channels.
  public func resized(inputs: [Shape], outputChannels: Int) -> Self { self }
  /// The op resized by the numbers of channels alone.
  public func resized(inputs: [Shape], outputChannels: Int, kept: [[Int]?]) -> Self {
    resized(inputs: inputs, outputChannels: outputChannels)
  }
  /// Apart from the inputs, which is right for every op.
  public var placement: OutputPlacement { .apart }
  /// True, as for most ops.
  public var gradientsAreDerivatives: Bool { true }

  /// The op's kind, reachable from an existential.
  public var kind: String { Self.kind }
  /// The settings as files hold them; kind and settings identify an op.
  public var settingsNode: SettingsNode { node }
}

/// Settings and input shapes for the laws to run an op with.
public struct OpExample<O: Op>: Sendable {
  /// The op.
  public let op: O
  /// Its input shapes, batch first.
  public let inputs: [Shape]

  /// Makes an example.
  public init(_ op: O, _ inputs: Shape...) {
    self.op = op
    self.inputs = inputs
  }
}

/// A parameter that an op owns.
public struct ParameterSlot: Sendable, Equatable {
  /// The role of the parameter; its name in the graph is `node.role`.
  public let role: ParameterRole
  /// Its extents.
  public let shape: Shape
  /// The initial values.
  public let initializer: Initializer
  /// True if training changes it by gradient; false for running statistics.
  public let isTrainable: Bool
  /// True if weight decay applies, as to weights; false for biases and norms.
  public let decays: Bool
  /// The axis of output channels, if any.
  public let outputAxis: Int?
  /// The axis of input channels, if any.
  public let inputAxis: Int?
  /// True if every element must be 0 or more, as a variance.
  public let isNonNegative: Bool

  /// Makes a slot.
  public init(
    _ role: ParameterRole, _ shape: Shape, _ initializer: Initializer, isTrainable: Bool = true,
    decays: Bool = false,
    outputAxis: Int? = nil, inputAxis: Int? = nil, isNonNegative: Bool = false
  ) {
    self.role = role
    self.shape = shape
    self.initializer = initializer
    self.isTrainable = isTrainable
    self.decays = decays
    self.outputAxis = outputAxis
    self.inputAxis = inputAxis
    self.isNonNegative = isNonNegative
  }

  /// The same slot without weight decay.
  public var undecayed: ParameterSlot {
    ParameterSlot(
      role, shape, initializer, isTrainable: isTrainable, outputAxis: outputAxis, inputAxis: inputAxis,
      isNonNegative: isNonNegative)
  }
}

/// The initial values of a parameter.
public enum Initializer: Sendable, Equatable {
  /// All zeros.
  case zeros
  /// All ones.
  case ones
  /// Uniform in ±1/√fanIn: PyTorch's default for convolutions and linear layers, weights and biases alike.
  case uniform(fanIn: Int)

  /// A tensor of initial values; a pure function of the random stream.
  public func tensor(_ shape: Shape, _ random: inout SeededRandom) -> Tensor {
    switch self {
    case .zeros: return Tensor(zeros: shape)
    case .ones: return Tensor(repeating: 1, shape: shape)
    case .uniform(let fanIn):
      let bound = 1 / Float(max(fanIn, 1)).squareRoot()
      var tensor = Tensor(zeros: shape)
      for index in tensor.values.indices { tensor.values[index] = random.uniform(in: -bound...bound) }
      return tensor
    }
  }
}

/// The cost of one forward pass of an op.
public struct OpCost: Sendable, Equatable {
  /// Multiplications paired with additions; pooling, norms and activations count none.
  public var multiplyAdds: Int
  /// Elements read from inputs and written to the output.
  public var activationElements: Int

  /// Makes a cost; its elements are those of all inputs and the output.
  public init(multiplyAdds: Int = 0, inputs: [Shape], output: Shape) {
    self.multiplyAdds = multiplyAdds
    self.activationElements = inputs.reduce(output.count) { $0 + $1.count }
  }
}

/// The rule by which the channels (axis 1) of an op's output come from those of its inputs.
public enum ChannelRule: Sendable, Equatable {
  /// Every output channel is made of all input channels: both can be removed alone (convolution, linear).
  case mixing
  /// Output channel c comes from channel c of every input (activations, norms, pooling, sums, depthwise).
  case following
  /// The output's channels are those of the inputs, one input after another (concatenation).
  case stacking
  /// Channel c becomes the `count` features c·count ..< (c+1)·count (flatten).
  case spreading(count: Int)
  /// Output channel `j·groups + g` is input channel `g·(C/groups) + j`; removal keeps the groups equal
  /// (channel shuffle).
  case shuffling(groups: Int)
  /// Output channel c is input channel `start + c`; the others are not read (channel slice).
  case slicing(start: Int)
  /// Channels cannot be removed through this op, for the reason given.
  case fixed(reason: String)
}

/// The place of an op's output in inference, which decides memory and time on a device.
public enum OutputPlacement: Sendable, Equatable {
  /// In its own memory: elements are read after others were written.
  case apart
  /// Over an input of as many elements: element i of the output depends on no other element of that input.
  case inPlace
  /// The output is the first input, element by element; nothing is computed.
  case unmoved
}

/// The data that a reference kernel works on.
public struct KernelFrame: Sendable {
  /// The input values.
  public let inputs: [Tensor]
  /// The op's parameters in the order of its slots; running statistics may be updated in training.
  public var parameters: [Tensor]
  /// The output, to be written in full.
  public var output: Tensor
  /// The mode: batch statistics and dropout act in training alone.
  public let mode: ExecutionMode
  /// The random stream of this node in this step, the same in `forward` and `backward`.
  public let random: SeededRandom

  /// Makes a frame.
  public init(
    inputs: [Tensor], parameters: [Tensor], output: Tensor, mode: ExecutionMode, random: SeededRandom
  ) {
    self.inputs = inputs
    self.parameters = parameters
    self.output = output
    self.mode = mode
    self.random = random
  }
}

/// The data that a reference gradient works on.
public struct GradientFrame: Sendable {
  /// The input values of the forward pass.
  public let inputs: [Tensor]
  /// The op's parameters in the order of its slots.
  public let parameters: [Tensor]
  /// The output of the forward pass.
  public let output: Tensor
  /// The loss's gradient by the output.
  public let outputGradient: Tensor
  /// The loss's gradient by each input, to be written.
  public var inputGradients: [Tensor]
  /// The loss's gradient by each parameter, to be written (zeros stay for what is not trainable).
  public var parameterGradients: [Tensor]
  /// The mode of the forward pass.
  public let mode: ExecutionMode
  /// The random stream of this node in this step, the same in `forward` and `backward`.
  public let random: SeededRandom

  /// Makes a frame with gradients of zero.
  public init(_ frame: KernelFrame, outputGradient: Tensor) {
    inputs = frame.inputs
    parameters = frame.parameters
    output = frame.output
    self.outputGradient = outputGradient
    inputGradients = frame.inputs.map { Tensor(zeros: $0.shape) }
    parameterGradients = frame.parameters.map { Tensor(zeros: $0.shape) }
    mode = frame.mode
    random = frame.random
  }
}

/// The purpose of a pass: training draws random numbers and updates statistics, inference does neither.
public enum ExecutionMode: String, Sendable, SettingChoice {
  case training, inference
}
