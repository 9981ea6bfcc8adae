public import Graphs

/// Weights of eight bits or less, and their storage on a device.
public struct IntegerWeights: Sendable, Equatable {
  /// A form of storage, which leaves the numbers unchanged.
  public enum Storage: Sendable, Equatable {
    /// One number after another, in so many bits each (2…8).
    case dense(bits: Int)
    /// The survivors of a mask, in so many bits each, with their places.
    case sparse(Mask, bits: Int)
    /// An index of so many bits for each weight into a table of bytes.
    case codebook(indices: [UInt8], table: [Int8], bits: Int)
    /// Ones with a sign, which takes one bit.
    case signs
    /// A sign, and the position among zero and a few ascending magnitudes, in so many bits (2…8).
    case levels(symbols: [UInt8], magnitudes: [Int8], bits: Int)
    /// Rows of sub-vectors from small tables.
    case vectors(SubVectors)
  }

  /// Sub-vectors that are taken from tables.
  ///
  /// Each position of a sub-vector in a row has its own table, or all positions share one.
  public struct SubVectors: Sendable, Equatable {
    /// The index of each sub-vector in its table, row by row.
    public let indices: [UInt8]
    /// The tables, one after another, all of one length.
    public let table: [Int8]
    /// The number of elements of a sub-vector.
    public let width: Int
    /// The number of tables: 1, or as many as a row has sub-vectors.
    public let books: Int
    /// The bits of a number when all are written out.
    public let bits: Int

    /// Makes sub-vectors.
    public init(indices: [UInt8], table: [Int8], width: Int, books: Int, bits: Int) {
      self.indices = indices
      self.table = table
      self.width = width
      self.books = books
      self.bits = bits
    }
  }

  /// The numbers, row-major: `[O, I/groups, Kh, Kw]` or `[O, I]`.
  public let values: [Int8]
  /// The form in which they are stored.
  public let storage: Storage

  /// Makes weights.
  public init(values: [Int8], storage: Storage) {
    self.values = values
    self.storage = storage
  }
}

/// The constants of convolutions and linear layers.
///
/// They compute `y = clamp(zero_y + rescale[o](bias[o] + Σ w[o,i] · (x[i] - zero_x)))`.
public struct IntegerProducts: Sendable, Equatable {
  /// The weights.
  public let weights: IntegerWeights
  /// The bias of each output channel, in steps of input scale · weight scale; zeros if the layer has none.
  public let bias: [Int32]
  /// The integer for zero in the input, which is also the value outside an image.
  public let inputZero: Int32
  /// The least and the greatest integer of the input.
  public let inputBounds: ClosedRange<Int32>
  /// The ratio of each output channel: input scale · weight scale / output scale.
  public let rescales: [Rescale]
  /// The integer for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output, narrowed by fused clamps.
  public let bounds: ClosedRange<Int32>

  /// Makes the constants.
  public init(
    weights: IntegerWeights, bias: [Int32], inputZero: Int32,
    inputBounds: ClosedRange<Int32> = -128...127, rescales: [Rescale], outputZero: Int32,
    bounds: ClosedRange<Int32>
  ) {
    self.weights = weights
    self.bias = bias
    self.inputZero = inputZero
    self.inputBounds = inputBounds
    self.rescales = rescales
    self.outputZero = outputZero
    self.bounds = bounds
  }

  /// The output for a channel's sum, bias included.
  public func output(_ sum: Int32, channel: Int) -> Int8 {
    let value = outputZero + rescales[channel](sum)
    return Int8(min(max(value, bounds.lowerBound), bounds.upperBound))
  }
}
