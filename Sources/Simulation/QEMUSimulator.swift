public import Export
public import Settings
public import Targets

/// QEMU's system emulation of a Cortex-M, with a plugin that counts instructions and adds up cycles from a
/// table.
///
/// **Cycles**: `Σ_executed cycles(instruction) + Σ_taken takenBranch`, for an in-order processor without wait
/// states; `factors` convert them to cycles of the chip. Counts are exact and repeatable, cycles are an
/// estimate: the profile states its error.
public struct QEMUSimulator: Simulator {
  /// The name in profiles: `qemu`.
  public static let kind = "qemu"
  /// The method in readings: `insn-count-x-CPI`.
  public static let method = "insn-count-x-CPI"

  /// QEMU's machine, with flash at 0, RAM at 0x20000000, and at least the target's memory.
  public var machine = "mps2-an386"
  /// The cross compiler.
  public var compiler = "arm-none-eabi-gcc"
  /// The compiler's flags.
  public var flags = ["-O2"]
  /// The cycles of instructions; the first rule that covers an instruction applies.
  public var cycles: [InstructionCost] = []
  /// The further cycles of a branch that is taken.
  public var takenBranch = Sourced(0, source: "none")
  /// The factors from cycles of the table to cycles of the chip, which are multiplied.
  public var factors: [Sourced] = []
  /// The least ratio of the true latency to the estimate.
  public var latencyLow = Sourced(0.75, source: "assumed")
  /// The largest ratio of the true latency to the estimate.
  public var latencyHigh = Sourced(1.5, source: "assumed")
  /// Bytes of stack kept for interrupts.
  public var interruptMarginBytes = Sourced(256, source: "assumed")
  /// The relative difference below which the latencies of two programs are indistinguishable.
  public var relativeError = Sourced(0.1, source: "assumed")

  /// Makes a simulator with the default settings.
  public init() {}

  /// Settings: `machine`, `compiler`, `flags`, `cycles`, `takenBranch`, `factors`, `latencyLow`,
  /// `latencyHigh`, `interruptMarginBytes`, `relativeError`.
  public static var settings: [Setting<QEMUSimulator>] {
    [
      Setting("machine", \.machine, expected: "a machine's name", "QEMU's machine") {
        $0.wholeMatch(of: /[a-z0-9-]+/) != nil
      },
      .compiler(\.compiler), .flags(\.flags),
      Setting("cycles", \.cycles, required: true, "what instructions cost, the first rule that covers one"),
      .constant("takenBranch", \.takenBranch, in: 0...100, "cycles more of a branch that is taken"),
      Setting(
        "factors", \.factors, expected: "a list of factors in 0.01...100, each with its source",
        "cycles of the chip by a cycle of the table"
      ) { $0.allSatisfy { (0.01...100).contains($0.value) } },
      .constant("latencyLow", \.latencyLow, in: 0.001...1, "the latency divided by the estimate, at least"),
      .constant("latencyHigh", \.latencyHigh, in: 1...1000, "the latency divided by the estimate, at most"),
      .constant("interruptMarginBytes", \.interruptMarginBytes, in: 0...65536, "stack kept for interrupts"),
      .constant(
        "relativeError", \.relativeError, in: 0...1, "how far two programs must differ to be told apart"),
    ]
  }

  private var toolchain: GNUToolchain {
    GNUToolchain(compiler: compiler, package: "gcc-arm-none-eabi", prefix: "arm-none-eabi-")
  }
  private static let emulator = ExternalTool("qemu-system-arm", package: "qemu-system-arm")

  /// The cross compiler with newlib, QEMU, and the host's compiler for the plugin.
  public var tools: [ExternalTool] {
    [
      toolchain.compilerTool, ExternalTool("nano.specs", package: "libnewlib-arm-none-eabi"), Self.emulator,
      .hostCompiler,
    ]
  }

  /// The error of latencies, and the stack for interrupts, from the settings.
  public var limits: SimulatorLimits {
    SimulatorLimits(
      latency: latencyLow.value...latencyHigh.value, relativeError: relativeError.value,
      interruptMarginBytes: Int(interruptMarginBytes.value))
  }

  /// The versions of the cross compiler and of QEMU.
  public func versions(_ bench: Workbench) async throws(SimulationError) -> [String] {
    [try await bench.version(of: toolchain.compilerTool), try await bench.version(of: Self.emulator)]
  }

  /// The flash and the RAM of QEMU's machines, 4 MiB each, which bound those of larger targets.
  private static let machineBytes = 4 << 20

  /// Compiles and links the program with the Cortex-M firmware and a linker script of the target's memory.
  public func build(
    _ program: CProgram, within memory: MemoryLimits, _ bench: Workbench
  ) async throws(SimulationError) -> LinkedProgram {
    try bench.write(PackageResources.cortex_ld, to: "condense.ld")
    let flash = min(memory.flashBytes ?? Self.machineBytes, Self.machineBytes)
    let ram = min(memory.ramBytes ?? Self.machineBytes, Self.machineBytes)
    return try await toolchain.link(
      program, firmware: PackageResources.cortex_firmware_c,
      flags: flags + ["-nostartfiles", "--specs=nano.specs", "-T", "condense.ld"],
      limits: ["-Wl,--defsym=CONDENSE_FLASH=\(flash)", "-Wl,--defsym=CONDENSE_RAM=\(ram)"],
      libraries: ["-lm"], within: memory, bench)
  }

  /// Runs the firmware in QEMU with the plugin, and reads outputs, counts and stack.
  public func run(
    _ firmware: Firmware, on images: ImageBytes, _ bench: Workbench
  ) async throws(SimulationError) -> SimulatedRun {
    let listing = try await bench.tool(toolchain.tool("objdump"), ["-d", firmware.file]).successfulOutput()
    try bench.write(images.bytes, to: "inputs.bin")
    let report = try await QEMUPlugin(emulator: Self.emulator).run(
      firmware,
      arguments: [
        "-M", machine, "-display", "none", "-monitor", "none", "-serial", "none", "-semihosting-config",
        "enable=on,target=native", "-kernel", firmware.file,
      ], table: try table(firmware, Disassembly(listing)), bench)
    let stack = try bench.read("stack.bin")
    guard stack.count == 4 else { throw .report("it does not tell the stack") }
    return SimulatedRun(
      outputs: try bench.read("outputs.bin"), cycles: report.cycles, instructions: report.instructions,
      stepCycles: report.stepCycles(firmware.program.steps.count),
      stackBytes: stack.reversed().reduce(0) { $0 << 8 | Int($1) }, collisionBytes: 0)
  }

  /// The plugin's table: the start addresses of the network and its steps, and the cost of each instruction.
  private func table(
    _ firmware: Firmware, _ listing: Disassembly
  ) throws(SimulationError) -> String {
    let costs = CycleTable(rules: cycles).cycles(listing.instructions)
    // The lowest bit of a function's address marks Thumb code and is no part of the address.
    let lines =
      try QEMUPlugin.places(firmware, mask: ~1)
      + zip(listing.instructions, costs).map { instruction, cost in
        "cost \(instruction.address) \(cost) \(Int(takenBranch.value))"
      }
    return lines.joined(separator: "\n") + "\n"
  }
}
