/// A dense layer over integers.
///
/// **Formula**: `y[o] = clamp(zero_y + rescale[o](bias[o] + Σ_i w[o,i] · (x[i] - zero_x)))`.
public struct IntegerLinear: IntegerKernel {
  /// The name in listings: `linear`.
  public static let kind = "linear"

  /// The number of inputs, I.
  public let inputs: Int
  /// The number of outputs, O.
  public let outputs: Int
  /// The weights and the rescaling.
  public let products: IntegerProducts

  /// Makes a kernel.
  public init(inputs: Int, outputs: Int, products: IntegerProducts) {
    self.inputs = inputs
    self.outputs = outputs
    self.products = products
  }

  /// `I·O`.
  public var multiplyAdds: Int { inputs * outputs }

  /// Computes one output after another.
  public func forward(_ inputs: [[Int8]]) -> [Int8] {
    let x = inputs[0]
    return (0..<outputs).map { output in
      var sum = products.bias[output]
      for i in 0..<self.inputs {
        sum += Int32(products.weights.values[output * self.inputs + i]) * (Int32(x[i]) - products.inputZero)
      }
      return products.output(sum, channel: output)
    }
  }
}
