import Graphs
import Ops
import Tensors
import Testing

/// Reference kernels compared with numbers that PyTorch 2.15 computes in double precision.
///
///     import torch, torch.nn.functional as F
///     def lattice(*s):
///       n = torch.Size(s).numel()
///       return (((torch.arange(n, dtype=torch.float64) * 7) % 11 - 5) / 4).reshape(s).requires_grad_()
///     def weigh(t):
///       n = t.numel()
///       return (t.detach().flatten() * (((torch.arange(n, dtype=torch.float64) * 5) % 13 - 6) / 8)).sum().item()
///     def show(f, *shapes):
///       xs = [lattice(*s) for s in shapes]; y = f(*xs); n = y.numel()
///       y.backward((((torch.arange(n, dtype=torch.float64) * 3) % 7 - 3) / 4).reshape(y.shape))
///       print([float(f"{weigh(v):.7g}") for v in [y] + [x.grad for x in xs]])
///     show(lambda x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (1, 2), 2), (2, 4, 7, 6), (6, 2, 3, 2), (6,))
///     show(lambda x, w: F.conv2d(x, w, None, 2, 1, 1, 3), (2, 3, 6, 6), (3, 1, 3, 3))
///     show(F.linear, (3, 5), (4, 5), (4,))
///     m, v = torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
///     show(lambda x, w, b: F.batch_norm(x, m, v, w, b, True, 0.1, 1e-5), (2, 3, 3, 4), (3,), (3,)); print(m, v)
///     show(lambda x: F.max_pool2d(x, 3, 2, 1), (1, 2, 7, 6))
///     show(lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), (1, 2, 7, 6))
///     show(lambda x: F.interpolate(x, scale_factor=3, mode="bilinear"), (1, 2, 3, 4))
///     show(lambda x: F.hardswish(4 * x), (2, 3, 4))
///     show(lambda x: F.softmax(x, 1), (2, 3, 2, 2))
///     show(lambda x: F.channel_shuffle(x, 3), (2, 6, 2, 2))
@Suite("Reference kernels against PyTorch")
struct PyTorchTests {
  struct Golden: Sendable {
    let op: any Op
    let input: Shape
    var scale: Float = 1
    /// The weighted sums of the output, of the input's gradient, and of the trainable parameters' gradients.
    let expected: [Double]
  }

  static let goldens = [
    Golden(
      op: Conv2D(
        filters: 6, kernel: Extent(3, 2), stride: Extent(2, 1), padding: Extent(1, 2), dilation: Extent(1, 2),
        groups: 2), input: [2, 4, 7, 6], expected: [-0.8671875, -6.015625, 3.671875, 1.03125]),
    Golden(
      op: Conv2D(filters: 3, kernel: 3, stride: 2, padding: 1, groups: 3, bias: false), input: [2, 3, 6, 6],
      expected: [5.179688, -3.578125, 1.859375]),
    Golden(op: Linear(features: 4), input: [3, 5], expected: [2.75, -0.5703125, 0.609375, 0.78125]),
    Golden(
      op: Prototypes(count: 4, rate: 0.2), input: [3, 5], expected: [0.399789, -0.1539839, 0.06082151]),
    Golden(op: Prototypes(count: 3), input: [2, 2], expected: [-0.7208404, -0.2438495, 0.07043972]),
    Golden(op: BatchNorm(), input: [2, 3, 3, 4], expected: [5.038241, -0.7662999, 0.8683426, -1.15625]),
    Golden(op: MaxPool(kernel: 3, stride: 2, padding: 1), input: [1, 2, 7, 6], expected: [0.25, 0.5625]),
    Golden(
      op: AveragePool(kernel: 3, stride: 2, padding: 1, countsPadding: false), input: [1, 2, 7, 6],
      expected: [-0.1597222, 0.8940972]),
    Golden(
      op: Upsample(factor: 3, mode: .bilinear), input: [1, 2, 3, 4], expected: [3.989583, 0.06944444]),
    Golden(op: HardSwish(), input: [2, 3, 4], scale: 4, expected: [-0.75, 2.958333]),
    Golden(op: HardSigmoid(), input: [2, 3, 4], scale: 4, expected: [1.1875, 0.6666667]),
    Golden(
      op: HardSigmoid(slope: 0.2, offset: 0.5), input: [2, 3, 4], scale: 4, expected: [1.275, 0.8]),
    Golden(op: Clamp(below: 0.7, above: 0.9), input: [2, 3, 4], expected: [1.4875, 1.09375]),
    Golden(op: ELU(alpha: 0.5), input: [2, 3, 4], expected: [0.5673733, 0.7499995]),
    Golden(
      op: ELU(alpha: 1.673_263_2, scale: 1.050_701), input: [2, 3, 4], expected: [2.226138, 1.096211]),
    Golden(op: GELU(), input: [2, 3, 4], expected: [0.04994604, 0.6892833]),
    Golden(op: GELU(form: .tanh), input: [2, 3, 4], expected: [0.0504376, 0.6891293]),
    Golden(op: ChannelSlice(start: 1, count: 3), input: [2, 6, 2, 2], expected: [2.96875, -1.71875]),
    Golden(
      op: MaxPool(kernel: 3, stride: 2, endPadding: 1), input: [1, 2, 6, 6], expected: [-1.59375, 0.46875]),
    Golden(
      op: AveragePool(kernel: 3, stride: 2, endPadding: 1, countsPadding: false), input: [1, 2, 6, 6],
      expected: [-0.7239583, 0.5729167]),
    Golden(
      op: Conv2D(filters: 3, kernel: 3, stride: 2, endPadding: 1), input: [2, 2, 6, 4],
      expected: [-4.367188, 3.84375, 0.390625, -0.21875]),
    Golden(
      op: GroupNorm(groups: 2), input: [2, 4, 3, 2],
      expected: [-0.2056587, 0.7931609, -0.7305926, 0.8125]),
    Golden(
      op: GroupNorm(groups: 1, epsilon: 0.01, span: .pixel), input: [2, 5, 2, 3],
      expected: [3.947371, -0.580369, -4.977474, -0.875]),
    Golden(op: Softmax(), input: [2, 3, 2, 2], expected: [0.2325839, 0.2330415]),
    Golden(op: ChannelShuffle(groups: 3), input: [2, 6, 2, 2], expected: [0.6875, 2.625]),
  ]

  private func pattern(_ shape: Shape, _ factor: Int, _ period: Int, _ divisor: Float) -> Tensor {
    Tensor((0..<shape.count).map { Float($0 * factor % period - period / 2) / divisor }, shape: shape)
  }

  private func lattice(_ shape: Shape) -> Tensor { pattern(shape, 7, 11, 4) }

  private func weigh(_ tensor: Tensor) -> Double {
    zip(tensor.values, pattern(tensor.shape, 5, 13, 8).values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private func frame(_ golden: Golden) throws -> KernelFrame {
    var input = lattice(golden.input)
    for i in input.values.indices { input.values[i] *= golden.scale }
    let parameters = golden.op.parameters([golden.input]).map {
      $0.isTrainable ? lattice($0.shape) : Tensor(repeating: $0.initializer == .ones ? 1 : 0, shape: $0.shape)
    }
    let output = Tensor(zeros: try golden.op.outputShape([golden.input]))
    return KernelFrame(
      inputs: [input], parameters: parameters, output: output, mode: .training,
      random: SeededRandom(key: 0))
  }

  @Test("outputs and gradients are PyTorch's", arguments: goldens)
  func agrees(_ golden: Golden) throws {
    var frame = try frame(golden)
    golden.op.forward(&frame)
    var gradient = GradientFrame(frame, outputGradient: pattern(frame.output.shape, 3, 7, 4))
    golden.op.backward(&gradient)
    let trainable = zip(golden.op.parameters([golden.input]), gradient.parameterGradients)
      .filter(\.0.isTrainable).map(\.1)
    let found =
      [weigh(frame.output), weigh(gradient.inputGradients[0]) * Double(golden.scale)] + trainable.map(weigh)
    #expect(found.count == golden.expected.count)
    for (value, expected) in zip(found, golden.expected) { #expect(abs(value - expected) < 2e-5) }
  }

  @Test("running statistics are PyTorch's")
  func statistics() throws {
    var frame = try frame(Golden(op: BatchNorm(), input: [2, 3, 3, 4], expected: []))
    BatchNorm().forward(&frame)
    let expected = [
      0.0, 0.003125, -0.005208333333333334, 0.9733695652173914, 0.961039402173913, 0.9630321557971014,
    ]
    for (value, expected) in zip(frame.parameters[2].values + frame.parameters[3].values, expected) {
      #expect(abs(Double(value) - expected) < 1e-6)
    }
  }
}
