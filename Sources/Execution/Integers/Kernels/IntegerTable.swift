public import Graphs

/// An activation that is looked up: 256 outputs, indexed by the input's byte.
///
/// **Formula**: `y = table[x + 128]`, computed beforehand as
/// `table[x + 128] = quantize_y(f(scale_x · (x - zero_x)))`.
public struct IntegerTable: IntegerKernel {
  /// The name in listings: `table`.
  public static let kind = "table"

  /// The outputs for the inputs -128…127.
  public let table: [Int8]

  /// Makes a kernel.
  public init(table: [Int8]) {
    precondition(table.count == 256, "\(table.count) entries")
    self.table = table
  }

  /// The output may lie over an input.
  public var placement: OutputPlacement { .inPlace }

  /// Looks up each element.
  public func forward(_ inputs: [[Int8]]) -> [Int8] { inputs[0].map { table[Int($0) + 128] } }
}
