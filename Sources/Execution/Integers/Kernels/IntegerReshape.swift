public import Graphs

/// The same integers in the same row-major order under another shape: nothing is computed.
public struct IntegerReshape: IntegerKernel {
  public static let kind = "reshape"

  /// Makes a kernel.
  public init() {}

  public var placement: OutputPlacement { .unmoved }

  public func forward(_ inputs: [[Int8]]) -> [Int8] { inputs[0] }
}
