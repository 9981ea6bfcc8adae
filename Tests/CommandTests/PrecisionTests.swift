import Foundation
import Settings
import Testing

/// The messages of commands on processors without bf16; oneDNN is limited to instruction sets that lack it.
@Suite("bf16 on a processor without it")
struct PrecisionTests {
  static let limits = [("AVX512_CORE", "avx512_core"), ("AVX2", "avx2"), ("SSE41", "sse41")]

  private static func environment(_ limit: String) -> [String: String] {
    ["ONEDNN_MAX_CPU_ISA": limit, "DNNL_MAX_CPU_ISA": limit]
  }

  /// oneDNN's name of the resulting instruction set, because a processor may have less than the limit.
  private static func found(_ tool: Tool, _ limit: String) throws -> String {
    let report = try tool.run(["doctor", "--json"], environment: environment(limit)).json
    #expect(report["bf16"] == false.node)
    return try report.required("onednn", of: "a report").required("instructionSet", of: "oneDNN")
      .string("instructionSet")
  }

  /// Writes a small recipe with its precision on line 3.
  private static func write(data: String, precision: String, teacher: String, to path: String) throws {
    let text = """
      recipe: 1
      data: \(data)
      precision: \(precision)
      teacher: {network: \(teacher)}
      students:
        - {name: int8, pipeline: [{post-training-quantization: {}}]}

      """
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  @Test("An explicit bf16 is refused before anything is read", arguments: limits.map(\.0))
  func refused(_ limit: String) throws {
    let tool = try Tool()
    let found = try Self.found(tool, limit)
    let commands = [
      ["train", "resnet20", "--data", "missing", "--out", "x.safetensors", "--precision", "bf16"],
      ["show", "missing", "--plan", "--precision", "bf16"],
    ]
    for command in commands {
      let run = try tool.run(command, environment: Self.environment(limit))
      #expect(run.status == 69, "\(command): \(run.errors)")
      #expect(
        run.errors.contains(
          "--precision: bf16 needs the instruction set avx512_core_bf16, found \(found); take f32"),
        "\(run.errors)")
    }
  }

  @Test("A recipe that demands it is refused by its line", arguments: ["compare", "plan"])
  func recipe(_ command: String) throws {
    let tool = try Tool()
    try Self.write(data: "missing", precision: "bf16", teacher: "mlp", to: tool.folder + "/half.yaml")
    let found = try Self.found(tool, "AVX2")
    let run = try tool.run([command, "half.yaml"], environment: Self.environment("AVX2"))
    #expect(run.status == 69, "\(run.errors)")
    #expect(run.errors.contains("half.yaml:3"), "\(run.errors)")
    #expect(
      run.errors.contains("bf16 needs the instruction set avx512_core_bf16, found \(found)"), "\(run.errors)")
    #expect(!FileManager.default.fileExists(atPath: tool.folder + "/runs"))
  }

  @Test("Left to itself, training takes f32 and says so")
  func automatic() throws {
    let tool = try Tool()
    try tool.makeGlyphs(count: 100)
    let run = try tool.run(
      ["train", "resnet20", "--data", "glyphs", "--out", "x.safetensors", "--epochs", "1", "--json"],
      environment: Self.environment("AVX2"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(try run.json["precision"] == "f32".node)
    #expect(run.errors.contains("bf16 needs avx512_core_bf16"), "\(run.errors)")
    try Self.write(data: "glyphs", precision: "auto", teacher: "resnet20", to: tool.folder + "/auto.yaml")
    let plan = try tool.run(["plan", "auto.yaml"], environment: Self.environment("AVX2"))
    #expect(plan.errors.contains("precision auto is f32 on this processor"), "\(plan.errors)")
  }

  @Test("doctor says that it is refused")
  func doctor() throws {
    let run = try Tool().run(["doctor"], environment: Self.environment("AVX2"))
    #expect(run.output.contains("f32; bf16 is refused: it needs avx512_core_bf16"))
  }
}
