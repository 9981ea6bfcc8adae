import CInstructions

/// The limit that the environment sets to the instruction sets of kernels.
///
/// `CONDENSE_MAX_CPU_ISA` limits every kernel, oneDNN's and the native ones, to less than the processor has.
/// It shows the results of another machine, and serves tests. Its values are oneDNN's: `SSE41`, `AVX2`,
/// `AVX512_CORE`, ….
public enum InstructionLimit {
  /// The name of the variable.
  public static let variable = "CONDENSE_MAX_CPU_ISA"
  /// The values of the variable, from the smallest set to the largest.
  public static let values = [
    "SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX512_CORE", "AVX512_CORE_VNNI", "AVX512_CORE_BF16", "DEFAULT",
  ]

  /// The set that the variable names; `nil` if it is unset or no set's name.
  public static var present: String? {
    unsafe condense_instruction_limit().map { unsafe String(cString: $0) }
  }
  /// The variable's value if it is no set's name; else `nil`.
  public static var unknown: String? {
    unsafe condense_unknown_instructions().map { unsafe String(cString: $0) }
  }
}
