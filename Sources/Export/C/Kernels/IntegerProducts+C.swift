import Execution

extension IntegerProducts {
  /// True if every ratio is a power of two, so that rescaling is a shift.
  var rescalesByShifts: Bool { rescales.allSatisfy { $0.bitsByShift != nil } }

  /// The arrays of the products besides weights, and the initializer of the structure `NAME_products`.
  ///
  /// The input's zero point goes into the bias, so that kernels multiply bytes unchanged:
  /// `Σ w (x - zero) = Σ w x - zero Σ w`. So does the offset of kernels that add one to their inputs.
  func constants(
    _ site: CSite, weights: String, offset: COffset = .never
  ) -> (arrays: [CArray], initializer: String) {
    let outputs = self.bias.count
    let plain = folded(zero: inputZero)
    let shifted = folded(zero: inputZero + 128)
    let bias =
      switch offset {
      case .never: CArray(site.name("bias"), .int32, plain)
      case .onAVR: CArray(site.name("bias"), .int32, plain, avr: shifted)
      case .always: CArray(site.name("bias"), .int32, shifted)
      case .least: CArray(site.name("bias"), .int32, folded(zero: inputZero - inputBounds.lowerBound))
      }
    var arrays = [bias]
    var names = [weights, arrays[0].name]
    if site.rescalesByShifts {
      arrays.append(CArray(site.name("shifts"), .int8, rescales.map { $0.bitsByShift ?? 0 }))
      names += ["0", arrays[1].name]
    } else {
      arrays.append(CArray(site.name("multipliers"), .int16, rescales.map(\.multiplier)))
      arrays.append(CArray(site.name("shifts"), .int8, rescales.map(\.shift)))
      names += [arrays[1].name, arrays[2].name]
    }
    return (
      arrays,
      "{\(names.joined(separator: ", ")), \(outputs), \(outputZero), \(bounds.lowerBound), \(bounds.upperBound)}"
    )
  }

  /// True if the bias with any part of an output's products stays within 24 bits.
  ///
  /// The bound is `|bias| + Σ|w|·128 < 2^23`, with the zero point in the bias; 255 takes the place of 128 where kernels add an offset
  /// to their inputs.
  func sumsFitIn24Bits(_ offset: COffset) -> Bool {
    let length = bias.isEmpty ? 0 : weights.values.count / bias.count
    let (zero, most): (Int32, Int64) =
      switch offset {
      case .never: (inputZero, 128)
      case .onAVR, .always: (inputZero + 128, 255)
      case .least: (inputZero - inputBounds.lowerBound, 255)
      }
    return zip(bias.indices, folded(zero: zero)).allSatisfy { output, bias in
      let sum = weights.values[output * length..<(output + 1) * length].reduce(Int64(0)) {
        $0 + Int64($1.magnitude)
      }
      return abs(Int64(bias)) + sum * most < 1 << 23
    }
  }

  /// The biases minus a zero point times the sum of the weights.
  private func folded(zero: Int32) -> [Int32] {
    let length = bias.isEmpty ? 0 : weights.values.count / bias.count
    return bias.indices.map { output in
      let sum = weights.values[output * length..<(output + 1) * length].reduce(Int64(0)) { $0 + Int64($1) }
      return Int32(clamping: Int64(bias[output]) - Int64(zero) * sum)
    }
  }
}

extension Rescale {
  /// The shift of a ratio that is a power of two; `nil` for others.
  ///
  /// It is negative for a shift to the left. It is at most 32, where every sum becomes zero, as C does not
  /// allow larger shifts.
  var bitsByShift: Int32? {
    guard multiplier & (multiplier - 1) == 0 else { return nil }
    return multiplier == 0 ? 32 : min(shift - Int32(multiplier.trailingZeroBitCount), 32)
  }
}
