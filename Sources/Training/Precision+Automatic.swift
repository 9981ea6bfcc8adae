public import Execution
public import Graphs

extension Precision {
  /// Multiply-adds an image from which bf16 pays: below, a step is not made of arithmetic.
  static let worthwhileMultiplyAdds = 10_000_000

  /// The arithmetic that `auto` means: bf16 where the machine computes in it at full speed and the network is large
  /// enough to gain, else f32.
  public static func automatic(for graph: Graph, on backend: some Backend) -> Precision {
    backend.supports(.bf16) && graph.isLargeForAutomaticPrecision ? .bf16 : .f32
  }
}

extension Graph {
  /// Whether `Precision.automatic` takes bf16 for this network where the machine computes in it.
  public var isLargeForAutomaticPrecision: Bool { multiplyAdds >= Precision.worthwhileMultiplyAdds }
}
