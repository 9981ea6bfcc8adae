import LinearAlgebra
import Tensors

/// The channels that the core of a Tucker-2 decomposition reads and makes.
struct Ranks: Equatable {
  /// Channels that the core reads.
  var input: Int
  /// Channels that the core makes.
  var output: Int

  /// Makes them of two numbers.
  init(input: Int, output: Int) {
    self.input = input
    self.output = output
  }

  /// The largest equal share of both channel counts whose weights are within a share of the kernel's.
  ///
  /// Both are at least 1.
  init(inputs: Int, filters: Int, taps: Int, keptRatio: Double) {
    self.init(input: 1, output: 1)
    let allowed = keptRatio * Double(inputs * filters * taps)
    let steps = max(inputs, filters)
    for step in 1...steps {
      let share = Double(step) / Double(steps)
      let candidate = Ranks(
        input: max(1, Int((share * Double(inputs)).rounded())),
        output: max(1, Int((share * Double(filters)).rounded())))
      let cheapest = candidate.cheapest(inputs: inputs, filters: filters, taps: taps)
      let cost = cheapest.parameters(inputs: inputs, filters: filters, taps: taps)
      guard Double(cost) <= allowed else { break }
      self = candidate
    }
  }

  /// These ranks, no larger than an axis has directions, nor than the other axis and the taps can tell apart.
  func limited(input most: Int, output mostOutput: Int, taps: Int) -> Ranks {
    let input = min(input, most, output * taps)
    return Ranks(input: input, output: min(output, mostOutput, input * taps))
  }

  /// These ranks with an axis kept whole if that takes no more weights; it needs no basis and loses nothing.
  func cheapest(inputs: Int, filters: Int, taps: Int) -> Ranks {
    let options = [
      Ranks(input: inputs, output: filters), Ranks(input: inputs, output: output),
      Ranks(input: input, output: filters), self,
    ]
    let costs = options.map { $0.parameters(inputs: inputs, filters: filters, taps: taps) }
    return zip(options, costs).first { $0.1 == costs.min() }?.0 ?? self
  }

  /// The weights of core and bases; an axis that keeps all of its channels has no basis.
  func parameters(inputs: Int, filters: Int, taps: Int) -> Int {
    (input < inputs ? inputs * input : 0) + taps * input * output + (output < filters ? output * filters : 0)
  }
}

/// A kernel `[O, I, Kh, Kw]` as a core between orthonormal bases of its channels.
struct TuckerDecomposition {
  /// The core `[r4, r3, Kh, Kw]`.
  let core: Tensor
  /// Directions of input channels, one a row, `[r3, I]`; `nil` if the core reads all channels.
  let inputBasis: Tensor?
  /// Directions of output channels, one a column, `[O, r4]`; `nil` if the core makes all channels.
  let outputBasis: Tensor?

  /// A kernel with the singular vectors of its two unfoldings: the higher-order singular value decomposition.
  struct Start {
    private let kernel: Tensor
    /// The kernel with input channels first: `[I, O, Kh, Kw]`.
    private let byInput: Tensor
    private let output: SVD
    private let input: SVD

    /// Output channels of the kernel.
    var filters: Int { kernel.shape[0] }
    /// Input channels of the kernel.
    var inputs: Int { kernel.shape[1] }
    /// Elements of one slice: Kh·Kw.
    var taps: Int { kernel.shape.spatialCount }
    /// The singular values along the output axis, at most as many as filters.
    var outputValues: [Double] { output.values }
    /// The singular values along the input axis, at most as many as channels.
    var inputValues: [Double] { input.values }

    /// Decomposes the kernel `[O, I, Kh, Kw]` unfolded along both channel axes.
    init(_ kernel: Tensor) throws(LinearAlgebraError) {
      self.kernel = kernel
      byInput = try kernel.exchangingLeadingAxes()
      output = try kernel.unfolded.svd()
      input = try byInput.unfolded.svd()
    }

    /// The ranks that variational Bayes finds along both axes; they may be 0.
    var bayesian: Ranks { Ranks(input: input.bayesianRank().rank, output: output.bayesianRank().rank) }

    /// Zero tensors of the shapes that some ranks give.
    func shapes(_ ranks: Ranks) -> TuckerDecomposition {
      TuckerDecomposition(
        core: Tensor(zeros: [ranks.output, ranks.input, kernel.shape[2], kernel.shape[3]]),
        inputBasis: ranks.input < inputs ? Tensor(zeros: [ranks.input, inputs]) : nil,
        outputBasis: ranks.output < filters ? Tensor(zeros: [filters, ranks.output]) : nil)
    }

    /// The core and bases of some ranks after rounds of alternating improvement.
    ///
    /// Without an axis that stays whole, each round takes the leading vectors of one axis after projection on
    /// the other's basis (De Lathauwer, De Moor, Vandewalle, "On the best rank-1 and rank-(R1, …, RN)
    /// approximation of higher-order tensors", 2000).
    func decomposition(_ ranks: Ranks, iterations: Int) throws(LinearAlgebraError) -> TuckerDecomposition {
      let inputStart = ranks.input < inputs ? try input.leading(ranks.input) : nil
      let outputStart = ranks.output < filters ? try output.leading(ranks.output) : nil
      // With one basis alone the singular vectors are the optimum already.
      guard var inputBasis = inputStart, var outputBasis = outputStart else {
        return try parts(inputBasis: inputStart, outputBasis: outputStart)
      }
      for _ in 0..<iterations {
        inputBasis = try Self.project(kernel, onto: outputBasis).exchangingLeadingAxes().unfolded.svd()
          .leading(ranks.input)
        outputBasis = try Self.project(byInput, onto: inputBasis).exchangingLeadingAxes().unfolded.svd()
          .leading(ranks.output)
      }
      return try parts(inputBasis: inputBasis, outputBasis: outputBasis)
    }

    /// The core for bases of rows; an axis without a basis stays whole.
    private func parts(
      inputBasis: Tensor?, outputBasis: Tensor?
    ) throws(LinearAlgebraError) -> TuckerDecomposition {
      var core = kernel
      if let outputBasis { core = try Self.project(core, onto: outputBasis) }
      if let inputBasis {
        core = try Self.project(core.exchangingLeadingAxes(), onto: inputBasis).exchangingLeadingAxes()
      }
      return TuckerDecomposition(
        core: core, inputBasis: inputBasis, outputBasis: try outputBasis?.exchangingLeadingAxes())
    }

    /// The coordinates `[r, …]` of a tensor along axis 0 in a basis of rows.
    private static func project(_ tensor: Tensor, onto basis: Tensor) throws(LinearAlgebraError) -> Tensor {
      let product = try basis.multiplied(by: tensor.unfolded)
      return product.reshaped(Shape([basis.shape[0]] + tensor.shape.dimensions.dropFirst()))
    }
  }
}

extension Tensor {
  /// The matrix of axis 0 by all others.
  fileprivate var unfolded: Tensor { reshaped([shape[0], shape.count / max(shape[0], 1)]) }
}

extension SVD {
  /// The first left singular vectors, one a row.
  fileprivate func leading(_ count: Int) throws(LinearAlgebraError) -> Tensor {
    try left.gathering(Array(0..<count), axis: 1).exchangingLeadingAxes()
  }
}
