import Encodings
public import Graphs
public import Tensors

/// A network as an integer device runs it: signed bytes between steps, every constant resolved.
///
///     let program = try IntegerProgram(student)
///
/// What `Graph.valuePlaces()` says is stored becomes a value; clamps are fused into the steps that compute what they read;
/// dropouts vanish. The integer reference runs a program, exporters write one down, and both mean the same bytes:
/// `Documentation/integer-arithmetic.md` is the specification.
public struct IntegerProgram: Sendable {
  /// Something that a step reads or writes.
  public struct Value: Sendable, Equatable {
    /// The graph's name for it.
    public let name: String
    /// Its extents for one image, without the batch: `[C, H, W]` or `[F]`.
    public let shape: Shape
    /// The step between integers.
    public let scale: Float
    /// The integer that stands for zero.
    public let zeroPoint: Int32
    /// The least and the greatest integer that the value's bits allow.
    public let bounds: ClosedRange<Int32>

    /// Makes a value.
    public init(
      name: String, shape: Shape, scale: Float, zeroPoint: Int32, bounds: ClosedRange<Int32>
    ) {
      self.name = name
      self.shape = shape
      self.scale = scale
      self.zeroPoint = zeroPoint
      self.bounds = bounds
    }
  }

  /// One kernel call.
  public struct Step: Sendable {
    /// The node that computes, whose parameters the kernel holds; a clamp fused into it bears no step of its own.
    public let node: String
    /// Positions of what it reads in `values`.
    public let inputs: [Int]
    /// The position of what it writes.
    public let output: Int
    /// What is computed, with all constants.
    public let kernel: any IntegerKernel

    /// Makes a step.
    public init(node: String, inputs: [Int], output: Int, kernel: any IntegerKernel) {
      self.node = node
      self.inputs = inputs
      self.output = output
      self.kernel = kernel
    }
  }

  /// All values: the inputs, then one a step in the order of steps.
  public let values: [Value]
  /// Positions of the graph's inputs.
  public let inputs: [Int]
  /// Positions of the graph's outputs; the first is the logits.
  public let outputs: [Int]
  /// The steps in the order of running.
  public let steps: [Step]

  /// Makes a program of parts that fit one another.
  public init(values: [Value], inputs: [Int], outputs: [Int], steps: [Step]) {
    self.values = values
    self.inputs = inputs
    self.outputs = outputs
    self.steps = steps
  }
}

/// What a step computes: constants and geometry of one kind of kernel, as plain numbers.
///
/// A new kind is one file here, a reference kernel, and one file in each consumer that runs or writes it natively.
public protocol IntegerKernel: Sendable {
  /// A name for listings: `convolution`, `linear`, `add`.
  static var kind: String { get }
  /// Multiply-adds of one image.
  var multiplyAdds: Int { get }
  /// Where the output may lie over an input.
  var placement: OutputPlacement { get }
  /// The reference: computes one image; inputs and output row-major as `Value.shape` says. Clear before fast.
  func forward(_ inputs: [[Int8]]) -> [Int8]
}

extension IntegerKernel {
  public var multiplyAdds: Int { 0 }
  public var placement: OutputPlacement { .apart }
  /// The kind, reachable from an existential.
  public var kind: String { Self.kind }
}
