import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

/// PyTorch's values of a loss on a batch: the loss, the norm of its gradient by the prediction, and its
/// second element.
struct TorchLoss: Sendable {
  let loss: Double
  let length: Double
  let second: Double

  init(_ loss: Double, _ length: Double, _ second: Double) {
    (self.loss, self.length, self.second) = (loss, length, second)
  }

  /// The prediction and the target of batch k, one of three.
  ///
  /// They are `s·sin(0.7·i + k)` and `s·sin(0.9·i + 2·k + 1)`, rounded to floats.
  static func batch(_ k: Int, _ prediction: Shape, _ target: Shape, scale: Double = 3) -> (Tensor, Tensor) {
    func wave(_ shape: Shape, _ step: Double, _ start: Double) -> Tensor {
      Tensor((0..<shape.count).map { Float(scale * sin(step * Double($0) + start)) }, shape: shape)
    }
    return (wave(prediction, 0.7, Double(k)), wave(target, 0.9, Double(2 * k + 1)))
  }

  /// The deviations of a loss and its gradient by the prediction from these values, beyond 1e-5 of their
  /// size.
  func violations(_ found: Double, _ gradient: [Float]) -> [String] {
    let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let pairs = [
      ("loss", found, loss, abs(loss)), ("gradient", norm, length, length),
      ("an element of the gradient", Double(gradient[1]), second, length),
    ]
    return pairs.compactMap { what, found, expected, size in
      abs(found - expected) <= 1e-5 * size ? nil : "\(what) \(found), expected \(expected)"
    }
  }
}

/// A loss with PyTorch's values on three batches.
struct TorchCase: Sendable, CustomStringConvertible {
  let description: String
  let op: any ObjectiveOp
  let prediction: Shape
  let target: Shape
  var scale = 3.0
  let expected: [TorchLoss]

  init(
    _ description: String, _ op: any ObjectiveOp, _ prediction: Shape, _ target: Shape, scale: Double = 3,
    _ expected: [TorchLoss]
  ) {
    (self.description, self.op, self.prediction, self.target) = (description, op, prediction, target)
    (self.scale, self.expected) = (scale, expected)
  }

  /// The mean of the items' losses, and its gradient by the prediction.
  func run(_ k: Int) throws -> (loss: Double, gradient: [Float]) {
    let (x, y) = TorchLoss.batch(k, prediction, target, scale: scale)
    let shape = try op.outputShape([x.shape, y.shape])
    var frame = KernelFrame(
      inputs: [x, y], parameters: [], output: Tensor(repeating: .nan, shape: shape), mode: .training,
      random: SeededRandom(seed: 0, purpose: "loss"))
    op.forward(&frame)
    let count = shape[0]
    var gradient = GradientFrame(frame, outputGradient: Tensor(repeating: 1 / Float(count), shape: shape))
    op.backward(&gradient)
    let sum = frame.output.values.reduce(0.0) { $0 + Double($1) }
    return (sum / Double(count), gradient.inputGradients[0].values)
  }
}

@Suite("Losses over batches")
struct BatchLossTests {
  /// The cases come from the authors' code, run in PyTorch in 64 bits.
  ///
  /// It is mdistiller with logit standardization, DIST, and RepDistiller. Correlation congruence and the
  /// entropy over a batch were written from their papers. The noise contrast is mdistiller's, with its constant at
  /// the average of random vectors.
  static let cases = [
    TorchCase(
      "multi-level, images", PredictionCorrelation(over: .items, temperature: 2), [6, 5], [6, 5],
      [
        TorchLoss(0.1081018294, 0.02461860991, 0.0003896521914),
        TorchLoss(0.1261601486, 0.02562683777, 0.001684674515),
        TorchLoss(0.09277741253, 0.02139003347, -0.004018534072),
      ]),
    TorchCase(
      "multi-level, classes", PredictionCorrelation(over: .classes, temperature: 2), [6, 5], [6, 5],
      [
        TorchLoss(0.02922029995, 0.02697117962, 1.688098354e-05),
        TorchLoss(0.02289117507, 0.01373815596, -0.002223317436),
        TorchLoss(0.05845158583, 0.03028790372, 0.0008632842453),
      ]),
    TorchCase(
      "DIST, over classes", PearsonDistance(over: .classes, temperature: 4), [6, 5], [6, 5],
      [
        TorchLoss(18.00302674, 1.674317059, -0.6747439778),
        TorchLoss(16.46320529, 1.397774445, 0.09557141665),
        TorchLoss(11.08987913, 1.745673519, 0.1120650109),
      ]),
    TorchCase(
      "DIST, over items", PearsonDistance(over: .items, temperature: 4), [6, 5], [6, 5],
      [
        TorchLoss(17.13018711, 1.882539061, -0.4914360542),
        TorchLoss(15.64054306, 2.137939102, -0.06813580468),
        TorchLoss(12.21765248, 2.058453412, 0.6970774348),
      ]),
    TorchCase(
      "similarity preserving", PairwiseSimilarity(), [5, 3, 4, 4], [5, 6, 4, 4], scale: 1,
      [
        TorchLoss(0.2243182526, 0.03204410965, -0.002368386412),
        TorchLoss(0.2249183244, 0.03102809082, 0.00108319944),
        TorchLoss(0.2245652351, 0.03165808558, 0.00367478653),
      ]),
    TorchCase(
      "correlation congruence", PairwiseKernel(), [6, 4], [6, 7], scale: 1,
      [
        TorchLoss(0.247004139, 0.02125326139, -0.003216035595),
        TorchLoss(0.247912018, 0.01956926645, 0.0001703709819),
        TorchLoss(0.2476393453, 0.02013052328, 0.004664343447),
      ]),
    TorchCase(
      "relational, distances", PairwiseDistance(), [6, 4], [6, 7], scale: 1,
      [
        TorchLoss(0.2085913632, 0.07074459745, -0.0176252539),
        TorchLoss(0.2297919051, 0.08022992523, -0.02146251266),
        TorchLoss(0.2243934089, 0.07814003498, -0.003167196231),
      ]),
    TorchCase(
      "relational, angles", TripletAngle(), [6, 4], [6, 7], scale: 1,
      [
        TorchLoss(0.3092505367, 0.07413278478, -0.007948934237),
        TorchLoss(0.3187974857, 0.08878996958, -0.03126718456),
        TorchLoss(0.3163787826, 0.08499273818, -0.02010636609),
      ]),
    TorchCase(
      "probabilistic", PairwiseProbability(), [6, 4], [6, 7], scale: 1,
      [
        TorchLoss(0.1018772864, 0.05926991139, -0.0219515017),
        TorchLoss(0.1182149523, 0.07111295346, 0.001136391103),
        TorchLoss(0.1139596398, 0.0681941945, 0.0255304328),
      ]),
    TorchCase(
      "contrastive", ContrastiveEntropy(), [6, 4], [6, 4], scale: 1,
      [
        TorchLoss(36.18884757, 6.177324961, -1.239261671),
        TorchLoss(28.34284627, 5.672690194, 0.5409073769),
        TorchLoss(22.0207041, 6.027499786, -1.399134244),
      ]),
    TorchCase(
      "noise contrast", NoiseContrast(temperature: 0.25), [6, 4], [6, 12], scale: 1,
      [
        TorchLoss(9.319723328, 1.219850118, -0.3515006835),
        TorchLoss(8.230953716, 1.023906929, 0.1299501863),
        TorchLoss(7.875534762, 1.13073749, -0.1560564419),
      ]),
    TorchCase(
      "noise contrast, more numbers", NoiseContrast(temperature: 0.1), [5, 16], [5, 64], scale: 0.4,
      [
        TorchLoss(10.51763124, 9.654950288, -2.825342907),
        TorchLoss(10.08452917, 8.870635277, -0.01409769495),
        TorchLoss(10.39066106, 9.880613286, 1.555429342),
      ]),
    TorchCase(
      "neuron selectivity", NeuronSelectivity(), [5, 3, 4, 4], [5, 6, 4, 4], scale: 1,
      [
        TorchLoss(0.6604940041, 0.09494407702, 0.014366589),
        TorchLoss(0.6657559179, 0.09317030341, 0.0009177066211),
        TorchLoss(0.6612977276, 0.09445691403, -0.007864522712),
      ]),
    TorchCase(
      "activation boundaries", ActivationBoundary(), [5, 3, 4, 4], [5, 3, 4, 4],
      [
        TorchLoss(234.6676888, 13.70161126, 0),
        TorchLoss(233.0852395, 13.65533565, 1.589997768),
        TorchLoss(220.9867194, 13.29621659, 0.9128558636),
      ]),
    TorchCase(
      "variational", GaussianLikelihood(), [3, 15], [3, 3, 2, 2], scale: 1,
      [
        TorchLoss(0.9614523351, 0.04881869051, -0.001434212921),
        TorchLoss(0.9765820321, 0.04999174702, 0.009284472858),
        TorchLoss(0.9294064494, 0.04624900903, 0.00532363084),
      ]),
    TorchCase(
      "review, four levels", PyramidError(), [2, 3, 8, 8], [2, 3, 8, 8], scale: 1,
      [
        TorchLoss(0.7471561312, 0.07775621096, -0.001766066524),
        TorchLoss(0.7502375373, 0.07706383619, 0.006912223954),
        TorchLoss(0.7439794958, 0.07661081821, 0.003878427598),
      ]),
    TorchCase(
      "review, uneven windows", PyramidError(), [2, 3, 3, 3], [2, 3, 3, 3], scale: 1,
      [
        TorchLoss(0.7049950615, 0.1807434706, -0.002085132159),
        TorchLoss(0.6581479993, 0.1734330096, 0.03969503982),
        TorchLoss(0.5604210332, 0.1591598817, 0.01302735811),
      ]),
    TorchCase(
      "review, one place", PyramidError(), [2, 3, 1, 1], [2, 3, 1, 1], scale: 1,
      [
        TorchLoss(0.8423740137, 0.749388201, -0.1006941398),
        TorchLoss(1.829670047, 1.104436522, 0.5598103205),
        TorchLoss(1.891620909, 1.122978453, 0.2670855125),
      ]),
  ]

  @Test("Losses and gradients are those of their authors' code in PyTorch", arguments: cases, 0..<3)
  func torch(_ example: TorchCase, _ k: Int) throws {
    let found = try example.run(k)
    #expect(example.expected[k].violations(found.loss, found.gradient) == [])
  }

  /// The values are of RepDistiller's flow of solution procedure, of channels 0 to 2 with channels 3 to 6.
  @Test("The squared difference of flow matrices is that of PyTorch")
  func flow() throws {
    func flow(_ value: Tensor) -> Tensor {
      let inputs = [value.gathering(Array(0..<3), axis: 1), value.gathering(Array(3..<7), axis: 1)]
      var frame = KernelFrame(
        inputs: inputs, parameters: [], output: Tensor(repeating: .nan, shape: [4, 12]), mode: .training,
        random: SeededRandom(seed: 0, purpose: "flow"))
      FlowMatrix().forward(&frame)
      return frame.output
    }
    for (k, expected) in [0.2510864312, 0.2481309814, 0.2560643295].enumerated() {
      let (x, y) = TorchLoss.batch(k, [4, 7, 4, 4], [4, 7, 4, 4], scale: 1)
      let squares = zip(flow(x).values, flow(y).values).map { ($0 - $1) * ($0 - $1) }
      // RepDistiller has the channels in the other order, but the mean is the same.
      let mean = squares.reduce(0.0) { $0 + Double($1) } / Double(squares.count)
      #expect(abs(mean - expected) < 1e-5 * expected)
    }
  }

  @Test("Each item is given the loss of the batch; two values that say the same have none")
  func ofTheBatch() throws {
    let (x, _) = TorchLoss.batch(1, [4, 3], [4, 3])
    let losses: [any BatchLoss] = [
      PredictionCorrelation(over: .items, temperature: 2),
      PredictionCorrelation(over: .classes, temperature: 2),
      PearsonDistance(over: .items, temperature: 2), PearsonDistance(over: .classes, temperature: 2),
      PairwiseSimilarity(), PairwiseKernel(), PairwiseDistance(), TripletAngle(), PairwiseProbability(),
    ]
    for loss in losses {
      var frame = KernelFrame(
        inputs: [x, x], parameters: [], output: Tensor(repeating: .nan, shape: [4]), mode: .training,
        random: SeededRandom(seed: 0, purpose: "loss"))
      loss.forward(&frame)
      #expect(
        frame.output.values.allSatisfy { abs($0) < 1e-5 && $0 == frame.output.values[0] }, "\(loss.kind)")
    }
  }

  @Test("What is not a number is seen in the loss of the batch")
  func notFinite() throws {
    for loss in [
      PredictionCorrelation(over: .items, temperature: 2), PearsonDistance(over: .items, temperature: 2),
      PairwiseSimilarity(), PairwiseKernel(), PairwiseDistance(), TripletAngle(), PairwiseProbability(),
      ContrastiveEntropy(),
    ] as [any BatchLoss] {
      let (whole, y) = TorchLoss.batch(0, [4, 3], [4, 3])
      var x = whole
      x.values[7] = .nan
      var frame = KernelFrame(
        inputs: [x, y], parameters: [], output: Tensor(zeros: [4]), mode: .training,
        random: SeededRandom(seed: 0, purpose: "loss"))
      loss.forward(&frame)
      #expect(frame.output.values.allSatisfy { !$0.isFinite }, "\(loss.kind)")
    }
  }

  @Test("Items that are equal, zeros, and batches of one give finite losses and gradients")
  func degenerate() throws {
    let losses: [any BatchLoss] = [
      PairwiseSimilarity(), PairwiseKernel(), PairwiseDistance(), TripletAngle(), PairwiseProbability(),
      PearsonDistance(over: .items, temperature: 2), PredictionCorrelation(over: .items, temperature: 2),
      ContrastiveEntropy(),
    ]
    let (_, other) = TorchLoss.batch(0, [3, 4], [3, 4])
    for loss in losses {
      for (x, y) in [
        (Tensor(zeros: [3, 4]), other), (Tensor(repeating: 0.5, shape: [3, 4]), other),
        (Tensor(repeating: 0.5, shape: [1, 4]), Tensor(repeating: 2, shape: [1, 4])),
      ] {
        var frame = KernelFrame(
          inputs: [x, y], parameters: [], output: Tensor(zeros: [x.shape[0]]), mode: .training,
          random: SeededRandom(seed: 0, purpose: "loss"))
        loss.forward(&frame)
        var gradient = GradientFrame(frame, outputGradient: Tensor(repeating: 1, shape: frame.output.shape))
        loss.backward(&gradient)
        let all = frame.output.values + gradient.inputGradients.flatMap(\.values)
        #expect(all.allSatisfy { $0.isFinite }, "\(loss.kind)")
      }
    }
  }

  @Test("Vectors of zeros, equal ones and opposite ones have a finite noise contrast; NaN is seen")
  func degenerateContrast() throws {
    let ones = Array(repeating: Float(0.5), count: 4)
    let rows: [(x: [Float], y: [Float], isFinite: Bool)] = [
      (Array(repeating: 0, count: 4), ones + ones, true), (ones, Array(repeating: 0, count: 8), true),
      (ones, ones.map { -$0 } + ones, true), (ones, ones + [0.5, .nan, 0.5, 0.5], false),
    ]
    for (x, y, isFinite) in rows {
      var frame = KernelFrame(
        inputs: [Tensor(x, shape: [1, 4]), Tensor(y, shape: [1, 8])], parameters: [],
        output: Tensor(zeros: [1]), mode: .training, random: SeededRandom(seed: 0, purpose: "loss"))
      NoiseContrast(temperature: 0.01).forward(&frame)
      var gradient = GradientFrame(frame, outputGradient: Tensor(repeating: 1, shape: [1]))
      NoiseContrast(temperature: 0.01).backward(&gradient)
      #expect(frame.output.values[0].isFinite == isFinite)
      let all = gradient.inputGradients.flatMap(\.values)
      #expect(!isFinite || all.allSatisfy(\.isFinite))
    }
  }

  @Test("Stretches of any length are summed as one by one")
  func stretches() {
    for count in [0, 1, 7, 8, 9, 31, 64] {
      let values = (0..<160).map { Float(sin(Double($0))) }
      let dot = SpanSums.dot(values.span, 3, values.span, 70, count)
      let distance = SpanSums.squaredDistance(values.span, 3, values.span, 70, count)
      var (product, squares) = (0.0, 0.0)
      for k in 0..<count {
        product += Double(values[3 + k]) * Double(values[70 + k])
        squares +=
          (Double(values[3 + k]) - Double(values[70 + k])) * (Double(values[3 + k]) - Double(values[70 + k]))
      }
      #expect(abs(Double(dot) - product) < 1e-5 && abs(Double(distance) - squares) < 1e-5, "\(count)")
    }
  }

  @Test("The largest variance to start from is what it says, and finite")
  func largeVariance() {
    let prediction = Tensor(zeros: [1, 6])
    let target = Tensor([3, -1, 2, 0], shape: [1, 2, 2])
    var frame = KernelFrame(
      inputs: [prediction, target], parameters: [], output: Tensor(zeros: [1]), mode: .training,
      random: SeededRandom(seed: 0, purpose: "variance"))
    GaussianLikelihood(variance: 1000).forward(&frame)
    // Squares of 14 over four elements.
    #expect(abs(Double(frame.output.values[0]) - 0.5 * (14.0 / 4 / 1000 + log(1000))) < 1e-5)
  }

  @Test("Batches that cannot be compared are refused")
  func refusals() {
    let cases: [(any ObjectiveOp, [Shape], String)] = [
      (PearsonDistance(), [[2, 3], [2, 4]], "the shapes differ: 2x3 and 2x4"),
      (PearsonDistance(), [[2, 3], [3, 3]], "the numbers of items differ"),
      (PredictionCorrelation(), [[2, 3, 1, 1], [2, 3, 1, 1]], "takes [N, C]"),
      (DecoupledDivergence(), [[2, 3], [2, 3]], "scores with labels"),
      (StandardScore(), [[2, 1]], "C of 2 or more"),
      (NeuronSelectivity(), [[2, 3, 2, 2], [2, 3, 2, 3]], "height and width differ"),
      (FlowMatrix(), [[2, 3, 2, 2], [2, 3, 3, 2]], "height and width differ"),
      (GaussianLikelihood(), [[2, 12], [2, 3, 2, 2]], "a variance a channel"),
      (PyramidError(), [[2, 3], [2, 3]], "takes [N, C, H, W]"),
      (NoiseContrast(), [[2, 3], [2, 3]], "as many numbers with remembered ones"),
      (NoiseContrast(), [[2, 3], [2, 8]], "as many numbers with remembered ones"),
    ]
    for (loss, shapes, words) in cases {
      let message = errorMessage { _ = try loss.outputShape(shapes) }
      #expect(message.contains(words), "\(message)")
    }
  }
}
