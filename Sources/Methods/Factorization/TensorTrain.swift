public import Graphs
import LinearAlgebra
import Ops
public import Settings
import Tensors

/// Replaces linear layers by a train of small tensors, computed by convolutions.
public struct TensorTrain: FactorizationMethod {
  /// The name in recipes: `tensor-train`.
  public static let name = "tensor-train"
  /// Changes when results change; part of a trial's address.
  public static let revision = 1
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "replace linear layers by a train of small tensors, computed by convolutions",
    description: """
      Writes the numbers of inputs and outputs of a linear layer as products of `cores` factors that are as equal as \
      possible, and the weight as a train of as many tensors. The inputs are reshaped to an image (NAME.image); each \
      core is a convolution (NAME.core1, NAME.core2, …) over one factor of the inputs, and between cores the values \
      are reshaped, never moved. NAME.bias adds the bias, if there is one. Ranks by energy are those of successive \
      truncations, which share the error evenly; with a kept ratio or a budget all ranks have the same bound. The \
      layer that makes the scores stays as it is unless `classifier` is set, and so do layers whose number of inputs \
      or outputs is a prime and layers whose train would have no fewer parameters. Multiply-adds may grow, because \
      each core makes a large value of a part of the inputs.
      """,
    formula:
      "W[(o_d…o_1), (i_1…i_d)] ≈ G_1[o_1,i_1]·G_2[o_2,i_2]·…·G_d[o_d,i_d], G_k[o,i] of r_{k-1} x r_k; parameters "
      + "Σ_k r_{k-1}·o_k·i_k·r_k; ‖W - Ŵ‖² ≤ Σ_k (truncated σ²)_k",
    paper:
      "Novikov, Podoprikhin, Osokin, Vetrov, 2015, Tensorizing neural networks, arXiv:1509.06569; Oseledets, 2011, "
      + "Tensor-train decomposition, doi:10.1137/090752286")

  /// The share of the weight's squared norm to keep, 0.001...1; cores share the error evenly.
  public var energy = 0.9
  /// The share of the layer's weights to keep, 0.001...1; overrides the energy if given.
  public var keptRatio: Double?
  /// The rule for ranks and a budget; a fit is refused.
  public var choice = RankChoice()
  /// The number of tensors of the train, 2...6.
  public var cores = 2
  /// True if the layer that makes the graph's output is factorized too.
  public var classifier = false

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `energy`, `keptRatio`, `cores`, `classifier`, and those of `RankChoice`.
  public static var settings: [Setting<TensorTrain>] {
    rankSettings + [
      Setting("cores", \.cores, in: 2...6, "tensors of the train"),
      Setting("classifier", \.classifier, "true factorizes the layer that makes the scores too"),
    ] + choiceSettings
  }

  /// Refuses prime inputs or outputs, trains of no fewer weights at rank 1, and the classifier unless asked
  /// for.
  public func applicability(to node: Node, in graph: Graph) -> Applicability {
    guard let linear = node.op as? Linear, let inputs = graph.inputShapes(of: node).first?[1] else {
      return .notApplicable(reason: "it is no linear layer")
    }
    guard classifier || !graph.outputs.contains(node.name) else {
      return .notApplicable(reason: "it makes the scores, and \"classifier\" is off")
    }
    let modes = TrainModes(inputs: inputs, outputs: linear.features, count: cores)
    guard modes.isProper else {
      return .notApplicable(
        reason:
          "its \(inputs) inputs and \(linear.features) outputs cannot both be written as products of smaller numbers"
      )
    }
    let least = modes.weights(Array(repeating: 1, count: cores - 1)) + (linear.bias ? linear.features : 0)
    guard least < inputs * linear.features else {
      return .notApplicable(reason: "even at rank 1 its train has \(least) weights")
    }
    return refusal.map { .notApplicable(reason: $0) } ?? .applicable
  }

  /// Replaces each layer by `NAME.image`, `NAME.core1`, … and `NAME.bias`; throws if a fit is asked for.
  public func compress(_ compression: inout Compression<TensorTrain>) throws -> Rewrite {
    guard !compression.layers.contains(where: { $0.settings.choice.reconstruct }) else {
      throw MethodError.impossible(
        method: Self.name, node: compression.layers.first?.node.name ?? "",
        reason:
          "\"reconstruct\" fits a layer that makes all outputs by itself, and a train has none; leave it out")
    }
    return try Self.factorize(&compression) { settings, node, compression in
      try TrainFactors(node, settings, in: compression.graph)
    }
  }
}

/// The factors whose products are the inputs and outputs of a linear layer.
struct TrainModes: Equatable {
  /// The factors of the inputs i_1, …, i_d, in descending order.
  let inputs: [Int]
  /// The factors of the outputs o_1, …, o_d, in ascending order.
  let outputs: [Int]

  /// Splits both numbers into `count` factors, some of which may be 1.
  init(inputs: Int, outputs: Int, count: Int) {
    self.inputs = Self.factors(of: inputs, count: count)
    // The largest factors of the outputs meet the smallest of the inputs, so that cores are of similar size.
    self.outputs = Self.factors(of: outputs, count: count).reversed()
  }

  /// True if inputs and outputs are both products of more than one number.
  var isProper: Bool { inputs.count { $0 > 1 } > 1 && outputs.count { $0 > 1 } > 1 }

  /// The weights of all cores with the given ranks between them.
  func weights(_ ranks: [Int]) -> Int {
    let ends = [1] + ranks + [1]
    return inputs.indices.reduce(0) { $0 + ends[$1] * inputs[$1] * outputs[$1] * ends[$1 + 1] }
  }

  /// The number as `count` factors in descending order.
  ///
  /// Each prime, the largest first, multiplies the smallest factor so far.
  static func factors(of number: Int, count: Int) -> [Int] {
    var primes: [Int] = []
    var (rest, divisor) = (number, 2)
    while divisor * divisor <= rest {
      while rest % divisor == 0 {
        primes.append(divisor)
        rest /= divisor
      }
      divisor += 1
    }
    if rest > 1 { primes.append(rest) }
    var factors = Array(repeating: 1, count: count)
    for prime in primes.reversed() {
      let smallest = factors.indices.min { factors[$0] < factors[$1] } ?? 0
      factors[smallest] *= prime
    }
    return factors.sorted(by: >)
  }
}

/// A linear layer as a train of convolutions.
struct TrainFactors: LayerFactors {
  private let node: Node
  private let op: Linear
  private let input: String
  private let modes: TrainModes
  /// The weight as `[i_1, o_1, i_2, o_2, …]`.
  private let tensor: Tensor
  private let names: (image: String, cores: [String], steps: [String], bias: String, biased: String)
  private let bias: Tensor?

  /// Takes a linear layer apart; `nil` if the node is none.
  init?(_ node: Node, _ settings: TensorTrain, in graph: Graph) throws {
    guard let op = node.op as? Linear, let input = node.inputs.first else { return nil }
    let weight = try graph.weight(of: node)
    (self.node, self.op, self.input) = (node, op, input)
    modes = TrainModes(inputs: weight.shape[1], outputs: weight.shape[0], count: settings.cores)
    tensor = Self.interleaved(weight, modes)
    names = (
      graph.unusedName(node.name, "image"),
      (1...settings.cores).map { graph.unusedName(node.name, "core\($0)") },
      (2...settings.cores).map { graph.unusedName(node.name, "step\($0)") },
      graph.unusedName(node.name, "bias"), graph.unusedName(node.name, "plane")
    )
    bias = graph.projected(node, .bias)
  }

  /// The weight with the axes of each core side by side: `[i_1, o_1, i_2, o_2, …]`.
  ///
  /// Rows of the weight are numbered with the last output factor slowest, columns with the first input factor
  /// slowest.
  private static func interleaved(_ weight: Tensor, _ modes: TrainModes) -> Tensor {
    let count = modes.inputs.count
    var shape: [Int] = []
    for k in 0..<count { shape += [modes.inputs[k], modes.outputs[k]] }
    var result = Tensor(zeros: Shape(shape))
    for place in result.values.indices {
      var rest = place
      var (row, column) = (0, 0)
      var (rowStep, columnStep) = (modes.outputs.reduce(1, *), 1)
      for k in (0..<count).reversed() {
        // The last output factor is slowest, so its step is the product of those before it.
        rowStep /= modes.outputs[k]
        row += rest % modes.outputs[k] * rowStep
        rest /= modes.outputs[k]
        column += rest % modes.inputs[k] * columnStep
        columnStep *= modes.inputs[k]
        rest /= modes.inputs[k]
      }
      result.values[place] = weight.values[row * weight.shape[1] + column]
    }
    return result
  }

  /// The ranks between cores under one bound, from 1 on.
  var ranks: [[Int]] {
    let largest = most.max() ?? 1
    return (1...largest).map { bound in most.map { min(bound, $0) } }
  }

  /// The largest ranks that the sizes of the cores allow.
  private var most: [Int] {
    let sizes = zip(modes.inputs, modes.outputs).map { $0 * $1 }
    return (1..<sizes.count).map { k in
      min(sizes[..<k].reduce(1, *), sizes[k...].reduce(1, *))
    }
  }

  /// The ranks at which each truncation takes an even part of the allowed error.
  func rank(holding energy: Double) throws -> [Int] {
    let share = (1 - energy) / Double(modes.inputs.count - 1)
    let norm = tensor.values.reduce(0) { $0 + Double($1) * Double($1) }
    return try train { svd, _ in
      // Truncations before have made the present norm smaller, but the allowed error is of the whole.
      let present = svd.values.reduce(0) { $0 + $1 * $1 }
      guard present > 0 else { return 1 }
      return RankRule.rank(holding: max(0, 1 - share * norm / present), of: svd.values)
    }.ranks
  }

  /// The rank that variational Bayes finds at each truncation, at least 1.
  func bayesianRank() throws -> [Int] { try train { svd, _ in max(1, svd.bayesianRank().rank) }.ranks }

  /// The share of the weight's squared norm that the train does not hold.
  func lost(_ ranks: [Int]) throws -> Double { try train(ranks).lost }

  /// The train of given ranks.
  private func train(_ ranks: [Int]) throws -> (cores: [Tensor], ranks: [Int], lost: Double) {
    try train { _, index in ranks[index] }
  }

  /// The cores `[r_{k-1}, i_k, o_k, r_k]`, their ranks, and the share of the squared norm that they lose.
  ///
  /// Each core is the left factor of a singular value decomposition of what the cores before it left. `rank`
  /// is asked for each with the decomposition.
  private func train(
    _ rank: (SVD, Int) -> Int
  ) throws -> (cores: [Tensor], ranks: [Int], lost: Double) {
    let norm = tensor.values.reduce(0) { $0 + Double($1) * Double($1) }
    var cores: [Tensor] = []
    var ranks: [Int] = []
    var (rest, before, dropped) = (tensor, 1, 0.0)
    for k in 0..<modes.inputs.count - 1 {
      let rows = before * modes.inputs[k] * modes.outputs[k]
      let svd = try rest.reshaped([rows, rest.shape.count / rows]).svd()
      let kept = min(max(1, rank(svd, k)), svd.values.count)
      dropped += svd.values.dropFirst(kept).reduce(0) { $0 + $1 * $1 }
      let (left, right) = svd.balancedFactors(rank: kept)
      cores.append(left.reshaped([before, modes.inputs[k], modes.outputs[k], kept]))
      ranks.append(kept)
      (rest, before) = (right, kept)
    }
    let (i, o) = (modes.inputs[modes.inputs.count - 1], modes.outputs[modes.outputs.count - 1])
    cores.append(rest.reshaped([before, i, o, 1]))
    return (cores, ranks, norm > 0 ? dropped / norm : 0)
  }

  /// The chain of reshapes and convolutions, the bias, and a flatten of the old name.
  ///
  /// Core k reads `[r_{k-1}, outputs so far, i_k · rest]` as an image and taps i_k columns that are `rest`
  /// apart. It makes `[r_k · o_k, outputs so far, rest]`, whose elements already lie in the order that the
  /// next core reads.
  func layers(_ ranks: [Int], shapesAlone: Bool) throws -> [NewLayer] {
    let count = modes.inputs.count
    let found = shapesAlone ? nil : try train(ranks)
    let ends = [1] + (found?.ranks ?? ranks) + [1]
    var layers: [NewLayer] = []
    var (value, made) = (input, 1)
    var rest = modes.inputs.reduce(1, *)
    for k in 0..<count {
      let image = k == 0 ? names.image : names.steps[k - 1]
      layers.append(NewLayer(op: Reshape(shape: [ends[k], made, rest]), name: image, inputs: [value]))
      rest /= modes.inputs[k]
      let conv = Conv2D(
        filters: ends[k + 1] * modes.outputs[k], kernel: Extent(1, modes.inputs[k]),
        dilation: Extent(1, rest), bias: false)
      var layer = NewLayer(op: conv, name: names.cores[k], inputs: [image])
      if let core = found?.cores[k] { layer.parameters[.weight] = Self.kernel(core) }
      layers.append(layer)
      (value, made) = (names.cores[k], made * modes.outputs[k])
    }
    if let bias {
      layers.append(NewLayer(op: Reshape(shape: [op.features, 1, 1]), name: names.biased, inputs: [value]))
      let add = Conv2D(filters: op.features, kernel: 1, groups: op.features)
      layers.append(
        NewLayer(
          op: add, name: names.bias, inputs: [names.biased],
          parameters: [
            .weight: Tensor(repeating: 1, shape: [op.features, 1, 1, 1]), .bias: bias,
          ]))
      value = names.bias
    }
    layers.append(NewLayer(op: Flatten(), name: node.name, inputs: [value]))
    return layers
  }

  /// A core `[r, i, o, s]` as the kernel `[s·o, r, 1, i]`.
  private static func kernel(_ core: Tensor) -> Tensor {
    let (r, i, o, s) = (core.shape[0], core.shape[1], core.shape[2], core.shape[3])
    var kernel = Tensor(zeros: [s * o, r, 1, i])
    for a in 0..<r {
      for b in 0..<i {
        for c in 0..<o {
          for d in 0..<s {
            kernel.values[((d * o + c) * r + a) * i + b] = core.values[((a * i + b) * o + c) * s + d]
          }
        }
      }
    }
    return kernel
  }
}
