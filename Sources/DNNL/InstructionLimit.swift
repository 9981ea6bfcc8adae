import CInstructions

/// What the environment says about the instruction sets that kernels may use.
///
/// `CONDENSE_MAX_CPU_ISA` limits every kernel, oneDNN's and our own, to less than the processor has: to see what another machine
/// would compute, and to test that. Its values are oneDNN's: `SSE41`, `AVX2`, `AVX512_CORE`, ….
public enum InstructionLimit {
  /// The variable's name.
  public static let variable = "CONDENSE_MAX_CPU_ISA"
  /// Its values, from the least set to the largest.
  public static let values = [
    "SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI", "AVX512_CORE_BF16", "DEFAULT",
  ]

  /// The set that the variable names, if it names one.
  public static var present: String? {
    unsafe condense_instruction_limit().map { unsafe String(cString: $0) }
  }
  /// The variable's value where it is no set's name.
  public static var unknown: String? {
    unsafe condense_unknown_instructions().map { unsafe String(cString: $0) }
  }
}
