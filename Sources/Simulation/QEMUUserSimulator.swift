public import Export
public import Settings
public import Targets

/// QEMU's user emulation of 64-bit Arm Linux, with the plugin that counts instructions.
///
/// **Cycles**: instructions times `factors`, the cycles per instruction; below one for a processor that
/// executes several at once.
public struct QEMUUserSimulator: Simulator {
  /// The name in profiles: `qemu-user`.
  public static let kind = "qemu-user"
  /// The method in readings: `insn-count-x-CPI`.
  public static let method = "insn-count-x-CPI"

  /// The compiler, a clang, which compiles for any processor.
  public var compiler = "clang"
  /// The compiler's flags.
  public var flags = ["-O2"]
  /// The cycles per instruction, as factors that are multiplied.
  public var factors: [Sourced] = []
  /// The least ratio of the true latency to the estimate.
  public var latencyLow = Sourced(0.5, source: "assumed")
  /// The largest ratio of the true latency to the estimate.
  public var latencyHigh = Sourced(2, source: "assumed")
  /// The relative difference below which the latencies of two programs are indistinguishable.
  public var relativeError = Sourced(0.1, source: "assumed")

  /// Makes a simulator with the default settings.
  public init() {}

  /// Settings: `compiler`, `flags`, `factors`, `latencyLow`, `latencyHigh`, `relativeError`.
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

  /// The compiler, the linker lld, QEMU's user emulation, binutils' `size`, and the host's compiler for the
  /// plugin.
  public var tools: [ExternalTool] {
    [
      toolchain.compilerTool, ExternalTool("ld.lld", package: "lld"), Self.emulator,
      ExternalTool("size", package: "binutils"), .hostCompiler,
    ]
  }

  /// The error of latencies from the settings; no stack is kept for interrupts, which Linux handles on its
  /// own stack.
  public var limits: SimulatorLimits {
    SimulatorLimits(
      latency: latencyLow.value...latencyHigh.value, relativeError: relativeError.value,
      interruptMarginBytes: 0)
  }

  /// The versions of the compiler and of QEMU.
  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [try await bench.version(of: toolchain.compilerTool), try await bench.version(of: Self.emulator)]
  }

  /// The flags with which clang makes a Linux program without a C library.
  private static let freestanding = [
    "--target=aarch64-linux-gnu", "-ffreestanding", "-nostdlib", "-static", "-fuse-ld=lld",
    "-Wl,--image-base=0x10000",
  ]

  /// Compiles and links the program with the firmware for Linux.
  public func build(
    _ program: CProgram, within memory: MemoryLimits, _ bench: Workbench
  ) async throws(SimulationError) -> LinkedProgram {
    try await toolchain.link(
      program, firmware: PackageResources.linux_firmware_c, flags: Self.freestanding + flags, limits: [],
      libraries: [], within: memory, bench)
  }

  /// Runs the program in QEMU with the plugin; stack and collisions are not measured and are 0.
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
