import Foundation
import TestSupport
import Testing

/// Computation on processors with fewer instruction sets than this one.
@Suite("Other processors", .enabled(if: EmulatedProcessor.isThere, "needs qemu-user on x86-64"))
struct InstructionSetTests {
  /// The emulated processors, each with the limit that makes this processor compute in the same way.
  static let processors = [("Haswell", "AVX2"), ("Nehalem", "SSE41")]

  @Test(
    "A training limited to an instruction set has the bytes of a processor that has no more",
    arguments: processors)
  func limited(_ processor: String, _ limit: String) throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 200)
    let command = ["train", "cnn-small", "--data", "glyphs", "--epochs", "1", "--threads", "1", "--out"]
    // The environment prevents the program from starting itself again, which would leave the emulator.
    let emulated = try tool.run(
      command + ["emulated.safetensors"],
      environment: [
        "CONDENSE_COMPUTE_READY": "1", "CONDENSE_MAX_CPU_ISA": "DEFAULT", "OPENBLAS_NUM_THREADS": "1",
      ],
      on: EmulatedProcessor(processor))
    #expect(emulated.status == 0, "\(emulated.errors)")
    #expect(emulated.errors.contains("(\(limit.lowercased()))"), "\(emulated.errors)")
    let limited = try tool.run(
      command + ["limited.safetensors"], environment: ["CONDENSE_MAX_CPU_ISA": limit])
    #expect(limited.status == 0, "\(limited.errors)")
    #expect(try weights(tool, "emulated.safetensors") == weights(tool, "limited.safetensors"))
  }

  /// The bytes behind the header, because the header contains the arguments of the training.
  private func weights(_ tool: Tool, _ file: String) throws -> Data {
    let bytes = try tool.bytes(file)
    let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    return bytes.dropFirst(8 + header)
  }
}
