import CIntegers
import Execution

/// The biases and rescalings of consecutive output channels, as kernels read them.
///
/// They are padded to whole panels of 16 channels; zero points are those of bytes.
struct ByteRescaling {
  private let bias: ConstantTable<Int32>
  private let multiplier: ConstantTable<Int32>
  private let shift: ConstantTable<Int32>
  private let zero: Int32
  private let bounds: ClosedRange<Int32>

  /// Makes the constants of some channels of a layer.
  ///
  /// Bytes are integers + 128, so `(zero + 128) · Σ w` is subtracted from each bias once, here.
  init(_ products: IntegerProducts, channels: Range<Int>) {
    let width = products.weights.values.count / products.bias.count
    let padded = (channels.count + 15) / 16 * 16
    var bias = [Int32](repeating: 0, count: padded)
    var multiplier = bias
    var shift = bias
    for (position, channel) in channels.enumerated() {
      let row = products.weights.values[(channel * width)..<((channel + 1) * width)]
      let sum = row.reduce(Int32(0)) { $0 &+ Int32($1) }
      bias[position] = products.bias[channel] &- (products.inputZero + 128) &* sum
      multiplier[position] = products.rescales[channel].multiplier
      shift[position] = products.rescales[channel].shift
    }
    self.bias = ConstantTable(bias)
    self.multiplier = ConstantTable(multiplier)
    self.shift = ConstantTable(shift)
    zero = products.outputZero + 128
    bounds = products.bounds.lowerBound + 128...products.bounds.upperBound + 128
  }

  /// The constants as C reads them.
  var constants: condense_rescaling {
    unsafe condense_rescaling(
      bias: bias.pointer, multiplier: multiplier.pointer, shift: shift.pointer, zero: zero,
      lower: bounds.lowerBound, upper: bounds.upperBound)
  }
}
