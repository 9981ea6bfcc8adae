public import Graphs

/// An activation, looked up: 256 outputs by the input's byte.
///
/// **Formula**: `y = table[x + 128]`, computed beforehand as `table[x + 128] = quantize_y(f(scale_x · (x - zero_x)))`.
public struct IntegerTable: IntegerKernel {
  public static let kind = "table"

  /// 256 outputs.
  public let table: [Int8]

  /// Makes a kernel.
  public init(table: [Int8]) {
    precondition(table.count == 256, "\(table.count) entries")
    self.table = table
  }

  public var placement: OutputPlacement { .inPlace }

  public func forward(_ inputs: [[Int8]]) -> [Int8] { inputs[0].map { table[Int($0) + 128] } }
}
