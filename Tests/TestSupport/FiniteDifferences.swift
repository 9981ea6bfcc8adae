import Execution
import Graphs
import Tensors

/// One op on given numbers, differentiated by its own backward kernel and by finite differences.
///
/// The loss is a random linear functional of the output. Inputs are multiples of 0.3 plus 0.15, all different
/// and in random order, so no activation has a kink and no window a tie within the steps of at most 0.1.
struct FiniteDifferences {
  /// The step; four points at ±1 and ±2 steps give an error of order step⁴.
  static let step: Float = 0.05

  let op: any Op
  let mode: ExecutionMode
  let inputs: [Tensor]
  let slots: [ParameterSlot]
  let parameters: [Tensor]
  let functional: Tensor
  let random = SeededRandom(seed: 21, purpose: "node")

  init(_ example: OpCase, mode: ExecutionMode) throws {
    op = example.op
    self.mode = mode
    inputs = example.inputs.enumerated().map { Self.lattice($1, seed: UInt64($0)) }
    slots = example.op.parameters(example.inputs)
    parameters = slots.map { $0.initializer.scattered($0.shape, seed: 22, $0.role.rawValue) }
    functional = Tensor(random: try example.op.outputShape(example.inputs), seed: 23)
  }

  private static func lattice(_ shape: Shape, seed: UInt64) -> Tensor {
    var random = SeededRandom(seed: seed, purpose: "lattice")
    let places = random.permutation(shape.count)
    return Tensor(places.map { (Float($0 - shape.count / 2) + 0.5) * 0.3 }, shape: shape)
  }

  func run(_ inputs: [Tensor], _ parameters: [Tensor]) -> KernelFrame {
    var frame = KernelFrame(
      inputs: inputs, parameters: parameters, output: Tensor(repeating: .nan, shape: functional.shape),
      mode: mode, random: random)
    op.forward(&frame)
    return frame
  }

  private func loss(_ inputs: [Tensor], _ parameters: [Tensor]) -> Double {
    zip(run(inputs, parameters).output.values, functional.values).reduce(0) {
      $0 + Double($1.0) * Double($1.1)
    }
  }

  /// The gradients by the op's backward kernel: those of inputs, then those of parameters.
  func gradients() -> [[Float]] {
    var frame = KernelFrame(
      inputs: inputs, parameters: parameters, output: run(inputs, parameters).output, mode: mode,
      random: random)
    frame.parameters = parameters
    var gradient = GradientFrame(frame, outputGradient: functional)
    op.backward(&gradient)
    return (gradient.inputGradients + gradient.parameterGradients).map(\.values)
  }

  /// The gradients by finite differences; zero for everything that is not trainable.
  func differences() -> [[Float]] {
    let byInput = inputs.indices.map { index in
      differences(inputs[index]) { moved in
        var inputs = inputs
        inputs[index] = moved
        return loss(inputs, parameters)
      }
    }
    let byParameter = parameters.indices.map { index in
      guard slots[index].isTrainable else { return parameters[index].values.map { _ in Float(0) } }
      return differences(parameters[index]) { moved in
        var parameters = parameters
        parameters[index] = moved
        return loss(inputs, parameters)
      }
    }
    return byInput + byParameter
  }

  private func differences(_ tensor: Tensor, _ loss: (Tensor) -> Double) -> [Float] {
    tensor.values.indices.map { i in
      func at(_ steps: Float) -> (position: Double, loss: Double) {
        var moved = tensor
        moved.values[i] += steps * Self.step
        return (Double(moved.values[i]), loss(moved))
      }
      let near = (at(1), at(-1))
      let far = (at(2), at(-2))
      let slopes = [near, far].map { ($0.0.loss - $0.1.loss) / ($0.0.position - $0.1.position) }
      return Float((4 * slopes[0] - slopes[1]) / 3)
    }
  }
}
