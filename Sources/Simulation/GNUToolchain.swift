import Export
import Settings

/// A GNU cross compiler with its tools: `avr-gcc`, `avr-size`, `avr-nm`, `avr-objdump`.
struct GNUToolchain: Sendable {
  /// The compiler's name, a gcc or a clang.
  let compiler: String
  /// The package that brings it.
  let package: String
  /// What stands before the names of `size`, `nm` and `objdump`.
  let prefix: String

  var compilerTool: ExternalTool { ExternalTool(compiler, package: package) }

  func tool(_ name: String) -> ExternalTool {
    ExternalTool(prefix + name, package: prefix.isEmpty ? "binutils" : "binutils-" + prefix.dropLast())
  }

  /// Compiles a program beside a firmware's source and reads what the linker made.
  ///
  /// Where something does not fit, it is linked again without `limits`: old linkers tell that, but not by how much.
  func link(
    _ program: CProgram, firmware: [UInt8], flags: [String], limits: [String], libraries: [String],
    within memory: MemoryLimits, _ bench: Workbench
  ) async throws(SimulationError) -> LinkedProgram {
    try bench.write(program.header, to: program.name + ".h")
    try bench.write(program.source, to: program.name + ".c")
    try bench.write(firmware, to: Self.firmwareSource)
    let arguments =
      flags + Self.definitions(program) + [
        "-std=gnu99", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-I.", "-o",
        Self.linked, Self.firmwareSource, program.name + ".c",
      ] + libraries
    let run = try bench.tool(compilerTool, arguments + limits)
    let output = try await run.output()
    if output.isSuccess { return .firmware(try await linked(program, bench)) }
    guard LinkListing.tellsOverflow(output.text) else { throw run.failure(output) }
    let free = try await bench.tool(compilerTool, arguments).output()
    let told = LinkListing.overflows(output.text)
    guard free.isSuccess else { return .overflows(told.isEmpty ? LinkListing.overflows(free.text) : told) }
    let measured = try await linked(program, bench).overflows(memory)
    return .overflows(measured.isEmpty ? told : measured)
  }

  /// What was linked.
  private func linked(
    _ program: CProgram, _ bench: Workbench
  ) async throws(SimulationError) -> Firmware {
    let sections = try await bench.tool(tool("size"), ["-A", Self.linked]).successfulOutput()
    let symbols = try await bench.tool(tool("nm"), [Self.linked]).successfulOutput()
    return Firmware(
      program: program, file: Self.linked, sections: LinkListing.sections(sections),
      symbols: LinkListing.symbols(symbols))
  }

  private static let firmwareSource = "condense-firmware.c"
  private static let linked = "condense-firmware.elf"

  /// What a firmware's source needs to know of the network.
  private static func definitions(_ program: CProgram) -> [String] {
    [
      "-DCONDENSE_HEADER=\"\(program.name).h\"", "-DCONDENSE_INPUT=\(program.inputFunction)",
      "-DCONDENSE_RUN=\(program.runFunction)", "-DCONDENSE_INPUT_BYTES=\(program.inputBytes)",
      "-DCONDENSE_OUTPUT_BYTES=\(program.outputBytes)",
    ]
  }

  /// Whether a profile may name this compiler: a gcc or clang on the search path and nothing else.
  static func accepts(compiler: String) -> Bool {
    compiler.wholeMatch(of: /[A-Za-z0-9_.-]*(gcc|clang)/) != nil
  }

  /// Whether a profile may give this flag: what chooses processor, optimization or language, and nothing that names files or
  /// loads plugins.
  static func accepts(flag: String) -> Bool {
    flag.wholeMatch(
      of: /-(O[0-3sg]|Ofast|m[A-Za-z0-9=+.-]+|std=[a-z0-9+]+|fno-[a-z0-9-]+|ffast-math|funroll-loops|flto)/)
      != nil
  }
}
