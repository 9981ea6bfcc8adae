import Execution

extension IntegerProducts {
  /// The arrays that products are told of besides weights, and the initializer of `@_products`.
  ///
  /// The input's zero point goes into the bias, so that kernels multiply bytes as they are: `Σ w (x - zero) = Σ w x - zero Σ w`.
  func constants(_ site: CSite, weights: String) -> (arrays: [CArray], initializer: String) {
    let outputs = bias.count
    let length = outputs == 0 ? 0 : self.weights.values.count / outputs
    let folded = (0..<outputs).map { output in
      let sum = self.weights.values[output * length..<(output + 1) * length].reduce(Int64(0)) {
        $0 + Int64($1)
      }
      return Int32(clamping: Int64(bias[output]) - Int64(inputZero) * sum)
    }
    let arrays = [
      CArray(site.name("bias"), .int32, folded),
      CArray(site.name("multipliers"), .int16, rescales.map(\.multiplier)),
      CArray(site.name("shifts"), .uint8, rescales.map(\.shift)),
    ]
    let names = ([weights] + arrays.map(\.name)).joined(separator: ", ")
    return (arrays, "{\(names), \(outputs), \(outputZero), \(bounds.lowerBound), \(bounds.upperBound)}")
  }
}
