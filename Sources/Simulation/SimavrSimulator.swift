public import Export
public import Settings
public import Targets

/// simavr: simulates an AVR instruction by instruction, with exact cycles.
///
/// **Cycles**: from the network's first instruction to its return, each with the cycles of the AVR manual;
/// interrupts are off.
///
/// **Stack**: the lowest stack pointer after any instruction.
public struct SimavrSimulator: Simulator {
  /// The name in profiles: `simavr`.
  public static let kind = "simavr"
  /// The method in readings: `cycle-exact-sim`.
  public static let method = "cycle-exact-sim"

  /// The processor's name in avr-gcc and simavr.
  public var mcu = "atmega328p"
  /// The cross compiler.
  public var compiler = "avr-gcc"
  /// The compiler's flags besides the processor's.
  public var flags = ["-O2"]
  /// The address at which the RAM begins; registers lie below it.
  public var ramStart = 256
  /// The most cycles of an image, after which the network counts as endless; the default is a minute at 16
  /// MHz.
  public var cycleLimit = 960_000_000
  /// Bytes of stack kept for interrupts.
  public var interruptMarginBytes = Sourced(64, source: "assumed")
  /// The relative difference below which the latencies of two programs are indistinguishable.
  public var relativeError = Sourced(0.05, source: "assumed")

  /// Makes a simulator with the default settings.
  public init() {}

  /// Settings: `mcu`, `compiler`, `flags`, `ramStart`, `cycleLimit`, `interruptMarginBytes`, `relativeError`.
  public static var settings: [Setting<SimavrSimulator>] {
    [
      Setting("mcu", \.mcu, expected: "a processor's name", "the processor in avr-gcc and simavr") {
        $0.wholeMatch(of: /[a-z0-9]+/) != nil
      },
      .compiler(\.compiler), .flags(\.flags),
      Setting("ramStart", \.ramStart, in: 96...65535, "the address at which the RAM begins"),
      Setting("cycleLimit", \.cycleLimit, in: 1_000...1_000_000_000_000, "the most cycles of an image"),
      .constant("interruptMarginBytes", \.interruptMarginBytes, in: 0...65536, "stack kept for interrupts"),
      .constant(
        "relativeError", \.relativeError, in: 0...1, "how far two programs must differ to be told apart"),
    ]
  }

  private var toolchain: GNUToolchain { GNUToolchain(compiler: compiler, package: "gcc-avr", prefix: "avr-") }
  private static let library = ExternalTool("libsimavr.so", package: "libsimavr-dev")

  /// avr-gcc with its binutils and avr-libc, simavr's library with libelf's header, and the host's compiler
  /// for the harness.
  public var tools: [ExternalTool] {
    [
      toolchain.compilerTool, ExternalTool("avr-size", package: "binutils-avr"),
      ExternalTool("avr/io.h", package: "avr-libc"), Self.library,
      ExternalTool("libelf.h", package: "libelf-dev"), .hostCompiler,
    ]
  }

  /// Latencies are exact; the relative error and the stack for interrupts are from the settings.
  public var limits: SimulatorLimits {
    SimulatorLimits(
      latency: 1...1, relativeError: relativeError.value,
      interruptMarginBytes: Int(interruptMarginBytes.value))
  }

  /// No factors: cycles are exact.
  public var factors: [Sourced] { [] }

  /// The version of the cross compiler and the digest of simavr's library.
  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [try await bench.version(of: toolchain.compilerTool), try bench.digest(of: Self.library)]
  }

  /// Compiles and links the program with the AVR firmware within the limits of flash and RAM.
  public func build(
    _ program: CProgram, within memory: MemoryLimits, _ bench: Workbench
  ) async throws(SimulationError) -> LinkedProgram {
    var limits: [String] = []
    if let bytes = memory.flashBytes { limits.append("-Wl,--defsym=__TEXT_REGION_LENGTH__=\(bytes)") }
    if let bytes = memory.ramBytes {
      limits.append("-Wl,--defsym=__DATA_REGION_LENGTH__=\(ramStart - Self.regionStart + bytes)")
    }
    return try await toolchain.link(
      program, firmware: PackageResources.avr_firmware_c, flags: ["-mmcu=\(mcu)"] + flags, limits: limits,
      libraries: ["-lm"], within: memory, bench)
  }

  /// The start of avr-ld's data region, below the RAM.
  private static let regionStart = 0x60

  /// Runs the firmware in the harness and reads outputs, cycles and stack; instructions are not counted.
  public func run(
    _ firmware: Firmware, on images: ImageBytes, _ bench: Workbench
  ) async throws(SimulationError) -> SimulatedRun {
    let harness = try await CompiledHelper(
      name: "avr-harness", source: PackageResources.avr_harness_c, flags: ["-O2"],
      libraries: ["-lsimavr", "-lelf", "-lm", "-lpthread"]
    ).path(bench)
    try bench.write(images.bytes, to: "inputs.bin")
    let run = ToolRun(
      path: harness, arguments: try arguments(firmware), folder: bench.folder, limit: bench.timeLimit)
    _ = try await run.successfulOutput()
    let report = try RunReport(String(decoding: try bench.read("report.txt"), as: UTF8.self))
    guard let stack = report.stackBytes else { throw .report("it does not tell the stack") }
    return SimulatedRun(
      outputs: try bench.read("outputs.bin"), cycles: report.cycles, instructions: [],
      stepCycles: report.stepCycles(firmware.program.steps.count), stackBytes: stack,
      collisionBytes: report.collisionBytes)
  }

  private func arguments(_ firmware: Firmware) throws(SimulationError) -> [String] {
    let program = firmware.program
    let end = try firmware.address("_end") & 0xFFFF
    return [
      "elf=\(firmware.file)", "mcu=\(mcu)", "hz=16000000", "inputs=inputs.bin", "outputs=outputs.bin",
      "report=report.txt", "run=\(try firmware.address(program.runFunction))",
      "fill=\(try firmware.address("condense_fill"))", "keep=\(try firmware.address("condense_keep"))",
      "end=\(end)", "in=\(program.inputBytes)", "out=\(program.outputBytes)", "limit=\(cycleLimit)",
    ] + firmware.stepAddresses.map { "step=\($0 ?? 0)" }
  }
}
