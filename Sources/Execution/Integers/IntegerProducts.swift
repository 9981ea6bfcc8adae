public import Graphs

/// Weights of eight bits or less and how a device may store them.
public struct IntegerWeights: Sendable, Equatable {
  /// How the numbers are stored; they are the same whichever way.
  public enum Storage: Sendable, Equatable {
    /// One after another, in so many bits each (2…8).
    case dense(bits: Int)
    /// Survivors of a mask, in so many bits each, with their places.
    case sparse(Mask, bits: Int)
    /// An index of so many bits into a table of bytes.
    case codebook(indices: [UInt8], table: [Int8], bits: Int)
    /// Ones with a sign, which takes a bit.
    case signs
    /// A sign before the place among zero and a few magnitudes, ascending, in so many bits (2…8).
    case levels(symbols: [UInt8], magnitudes: [Int8], bits: Int)
    /// Rows of sub-vectors that share few.
    case vectors(SubVectors)
  }

  /// Sub-vectors, each one of a few in a table: rows of `books` of them have a table for each place, or one for all.
  public struct SubVectors: Sendable, Equatable {
    /// Which one each is, row by row.
    public let indices: [UInt8]
    /// The tables, one after another, all of one length.
    public let table: [Int8]
    /// Numbers of a sub-vector.
    public let width: Int
    /// The number of tables: 1, or as many as a row has sub-vectors.
    public let books: Int
    /// Bits that a number takes where all are written out.
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
  /// How they are stored.
  public let storage: Storage

  /// Makes weights.
  public init(values: [Int8], storage: Storage) {
    self.values = values
    self.storage = storage
  }
}

/// What convolutions and linear layers share: `y = clamp(zero_y + rescale[o](bias[o] + Σ w[o,i] · (x[i] - zero_x)))`.
public struct IntegerProducts: Sendable, Equatable {
  /// The weights.
  public let weights: IntegerWeights
  /// One for each output channel, in steps of input scale times weight scale; zeros where the layer has none.
  public let bias: [Int32]
  /// The integer that stands for zero in the input; what lies outside of an image is this.
  public let inputZero: Int32
  /// The least and the greatest integer of the input.
  public let inputBounds: ClosedRange<Int32>
  /// One for each output channel: input scale · weight scale / output scale.
  public let rescales: [Rescale]
  /// The integer that stands for zero in the output.
  public let outputZero: Int32
  /// The least and the greatest output: of its bits, narrowed by fused clamps.
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
