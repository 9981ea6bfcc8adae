public import Graphs
public import Ops
import Tensors

extension Conv2D: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerConvolution(
      input: frame.inputs[0].shape, output: frame.output.shape, op: self, products: try frame.products())
  }
}

extension Linear: IntegerLowering {
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    IntegerLinear(inputs: frame.inputs[0].shape.count, outputs: features, products: try frame.products())
  }
}

extension Prototypes: IntegerLowering {
  /// Makes the kernel; refuses prototypes whose step is not the features' step times a power of two.
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    let input = frame.inputs[0]
    guard let parameter = frame.parameters[.prototypes],
      let encoding = parameter.encoding as? any IntegerStorable
    else { throw IntegerRefusal("its prototypes are real; quantize this layer too") }
    let (weights, scales) = try encoding.integerWeights(of: parameter.projected)
    let shift = (0...IntegerPrototypes.maximumShift).first {
      scales == [input.scale * Float(sign: .plus, exponent: $0, significand: 1)]
    }
    guard let shift else {
      throw IntegerRefusal("its prototypes are not on the grid of its input times a power of two")
    }
    guard frame.output.scale >= 1 / 32_767 else {
      throw IntegerRefusal("a step of its output is less than 1/32,767; calibrate on other images")
    }
    let largest = weights.values.reduce(0) { max($0, Int($1.magnitude)) } << shift + input.span
    let sum = Double(largest * largest) * Double(input.shape.count)
    let ratio =
      Double(rate) * Double(input.scale) * Double(input.scale) * Double(IntegerPrototypes.parts)
    guard sum <= Rescale.largestSum, sum * ratio <= Rescale.largestSum else {
      throw IntegerRefusal("its squared distances may reach \(sum) steps, beyond 2^30; use fewer features")
    }
    return IntegerPrototypes(
      features: input.shape.count, prototypes: weights.values, shift: Int32(shift),
      inputZero: input.zeroPoint, rescale: Rescale(ratio), outputScale: Double(frame.output.scale),
      outputZero: frame.output.zeroPoint, bounds: frame.bounds)
  }
}

extension BatchNorm: IntegerLowering {
  /// Makes a depthwise convolution of one element of a batch norm that could not be folded.
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel {
    let (weights, scales, offsets) = depthwiseIntegers(frame.parameters, inputScale: frame.inputs[0].scale)
    let products = try frame.products(
      IntegerWeights(values: weights, storage: .dense(bits: 8)), scales: scales, bias: offsets)
    let channels = weights.count
    let plane: Shape = [channels, frame.output.shape.count / channels, 1]
    return IntegerConvolution(
      input: plane, output: plane, op: Conv2D(filters: channels, kernel: 1, groups: channels),
      products: products)
  }

  /// The weight, its scale and the offset of each channel, for a depthwise convolution of one element.
  ///
  /// The convolution is the affine map of the norm's statistics. The weight is ±127 and the scale a 127th of
  /// the factor, so that the factor is exact and the offset finely divided. If the offset is far larger than
  /// the factor, the scale is larger, and the offset takes 2²⁹ steps of input scale · scale.
  public func depthwiseIntegers(
    _ parameters: [ParameterRole: Parameter], inputScale: Float
  ) -> (weights: [Int8], scales: [Double], offsets: [Double]) {
    let (factors, offsets) = affine(parameters)
    let scales = zip(factors, offsets).map { factor, offset in
      max(factor.magnitude / 127, offset.magnitude / (Double(inputScale) * 0x1p29))
    }
    let weights = zip(factors, scales).map { factor, scale in
      scale == 0 ? Int8(0) : Int8((factor / scale).rounded(.toNearestOrEven))
    }
    return (weights, scales, offsets)
  }

  /// `factor = scale/√(variance + epsilon)` and `offset = shift - mean·factor` of each channel.
  private func affine(_ parameters: [ParameterRole: Parameter]) -> (factors: [Double], offsets: [Double]) {
    func values(_ role: ParameterRole) -> [Double] {
      (parameters[role]?.projected.values ?? []).map { Double($0) }
    }
    let deviations = values(.variance).map { ($0 + Double(epsilon)).squareRoot() }
    let factors = zip(values(.scale), deviations).map { $0 / $1 }
    let moves = zip(values(.mean), factors).map { $0 * $1 }
    return (factors, zip(values(.shift), moves).map { $0 - $1 })
  }
}
