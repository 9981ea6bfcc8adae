public import Export
public import Settings
public import Targets

/// QEMU's user emulation of 64-bit Arm Linux with the plugin that counts instructions.
///
/// **Cycles**: instructions times `factors`, the cycles of an instruction: a processor that runs several at once takes less than one.
public struct QEMUUserSimulator: Simulator {
  public static let kind = "qemu-user"
  public static let method = "insn-count-x-CPI"

  /// The compiler, a clang: it compiles for any processor.
  public var compiler = "clang"
  /// Its flags.
  public var flags = ["-O2"]
  /// Cycles of an instruction.
  public var factors: [Sourced] = []
  /// The latency divided by the estimate, at least.
  public var latencyLow = Sourced(0.5, source: "assumed")
  /// The latency divided by the estimate, at most.
  public var latencyHigh = Sourced(2, source: "assumed")
  /// The share by which two programs must differ to be told apart.
  public var relativeError = Sourced(0.1, source: "assumed")

  public init() {}

  public static var settings: [Setting<QEMUUserSimulator>] {
    [
      .compiler(\.compiler), .flags(\.flags),
      Setting(
        "factors", \.factors, required: true,
        expected: "a list of factors in 0.01...100, each with its source", "cycles of an instruction"
      ) { !$0.isEmpty && $0.allSatisfy { (0.01...100).contains($0.value) } },
      .constant("latencyLow", \.latencyLow, in: 0.001...1, "the latency divided by the estimate, at least"),
      .constant("latencyHigh", \.latencyHigh, in: 1...1000, "the latency divided by the estimate, at most"),
      .constant(
        "relativeError", \.relativeError, in: 0...1, "how far two programs must differ to be told apart"),
    ]
  }

  private var toolchain: GNUToolchain { GNUToolchain(compiler: compiler, package: "clang", prefix: "") }
  private static let emulator = ExternalTool("qemu-aarch64", package: "qemu-user")

  public var tools: [ExternalTool] {
    [
      toolchain.compilerTool, ExternalTool("ld.lld", package: "lld"), Self.emulator,
      ExternalTool("size", package: "binutils"), .hostCompiler,
    ]
  }

  public var limits: SimulatorLimits {
    SimulatorLimits(
      latency: latencyLow.value...latencyHigh.value, relativeError: relativeError.value,
      interruptMarginBytes: 0)
  }

  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [try await bench.version(of: toolchain.compilerTool), try await bench.version(of: Self.emulator)]
  }

  /// What makes clang write a program of Linux without a C library.
  private static let freestanding = [
    "--target=aarch64-linux-gnu", "-ffreestanding", "-nostdlib", "-static", "-fuse-ld=lld",
    "-Wl,--image-base=0x10000",
  ]

  public func build(
    _ program: CProgram, within memory: MemoryLimits, _ bench: Workbench
  ) async throws(SimulationError) -> LinkedProgram {
    try await toolchain.link(
      program, firmware: PackageResources.linux_firmware_c, flags: Self.freestanding + flags, limits: [],
      libraries: [], within: memory, bench)
  }

  public func run(
    _ firmware: Firmware, on images: ImageBytes, _ bench: Workbench
  ) async throws(SimulationError) -> SimulatedRun {
    try bench.write(images.bytes, to: "inputs.bin")
    let table = (["every 1 0"] + (try QEMUPlugin.places(firmware))).joined(separator: "\n") + "\n"
    let report = try await QEMUPlugin(emulator: Self.emulator).run(
      firmware, arguments: [firmware.file], table: table, bench)
    return SimulatedRun(
      outputs: try bench.read("outputs.bin"), cycles: report.cycles, instructions: report.instructions,
      stepCycles: report.stepCycles(firmware.program.steps.count), stackBytes: 0, collisionBytes: 0)
  }
}
