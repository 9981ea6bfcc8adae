public import Execution
public import Graphs

extension Precision {
  /// Multiply-adds an image from which bf16 pays: below, a step is not made of arithmetic.
  static let worthwhileMultiplyAdds = 10_000_000

  /// The arithmetic that `auto` means: bf16 where the machine computes in it at full speed and the network is large
  /// enough to gain, else f32.
  public static func automatic(for graph: Graph, on backend: some Backend) -> Precision {
    backend.supports(.bf16) && graph.multiplyAdds >= worthwhileMultiplyAdds ? .bf16 : .f32
  }

  /// What to say where `auto` would take bf16 and the machine does not compute in it; `nil` elsewhere.
  public static func automaticFallback(for graph: Graph, on backend: some Backend) -> String? {
    guard !backend.supports(.bf16), graph.multiplyAdds >= worthwhileMultiplyAdds else { return nil }
    return "precision auto is f32 on this processor: bf16 needs \(bf16Instructions), "
      + "found \(backend.instructionSet)"
  }

  /// What a processor must have for bf16, as oneDNN names it.
  public static let bf16Instructions = "avx512_core_bf16"
}
