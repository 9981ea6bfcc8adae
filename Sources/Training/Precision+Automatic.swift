public import Execution
public import Graphs

extension Precision {
  /// Multiply-adds an image from which bf16 pays; below, arithmetic is no large part of a step.
  static let worthwhileMultiplyAdds = 10_000_000

  /// The arithmetic of `auto`: bf16 if the machine computes it at full speed and the network is large enough,
  /// else f32.
  public static func automatic(for graph: Graph, on backend: some Backend) -> Precision {
    backend.supports(.bf16) && graph.multiplyAdds >= worthwhileMultiplyAdds ? .bf16 : .f32
  }

  /// The notice if `auto` would take bf16 but the machine does not compute in it; `nil` otherwise.
  public static func automaticFallback(for graph: Graph, on backend: some Backend) -> String? {
    guard !backend.supports(.bf16), graph.multiplyAdds >= worthwhileMultiplyAdds else { return nil }
    return "precision auto is f32 on this processor: bf16 needs \(bf16Instructions), "
      + "found \(backend.instructionSet)"
  }

  /// The instruction set that bf16 needs, as oneDNN names it.
  public static let bf16Instructions = "avx512_core_bf16"
}
