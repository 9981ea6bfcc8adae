import Export
import Settings

/// A GNU cross compiler with its tools, such as `avr-gcc`, `avr-size`, `avr-nm` and `avr-objdump`.
struct GNUToolchain: Sendable {
  /// The compiler's name, a gcc or a clang.
  let compiler: String
  /// The package that contains the compiler.
  let package: String
  /// The prefix of the names of `size`, `nm` and `objdump`.
  let prefix: String

  var compilerTool: ExternalTool { ExternalTool(compiler, package: package) }

  func tool(_ name: String) -> ExternalTool {
    ExternalTool(prefix + name, package: prefix.isEmpty ? "binutils" : "binutils-" + prefix.dropLast())
  }

  /// Compiles a program and a firmware's source, links them and reads the result.
  ///
  /// If a memory overflows, it is linked again without `limits`: old linkers report an overflow without its
  /// size.
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

  /// The sections and symbols of the linked file.
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

  /// The definitions that a firmware's source needs about the network.
  private static func definitions(_ program: CProgram) -> [String] {
    [
      "-DCONDENSE_HEADER=\"\(program.name).h\"", "-DCONDENSE_INPUT=\(program.inputFunction)",
      "-DCONDENSE_RUN=\(program.runFunction)", "-DCONDENSE_INPUT_BYTES=\(program.inputBytes)",
      "-DCONDENSE_OUTPUT_BYTES=\(program.outputBytes)",
    ]
  }

  /// True if a profile may name this compiler: a gcc or clang on the search path.
  static func accepts(compiler: String) -> Bool {
    compiler.wholeMatch(of: /[A-Za-z0-9_.-]*(gcc|clang)/) != nil
  }

  /// True if a profile may give this flag: one for processor, optimization or language that names no file and
  /// loads no plugin.
  static func accepts(flag: String) -> Bool {
    flag.wholeMatch(
      of: /-(O[0-3sg]|Ofast|m[A-Za-z0-9=+.-]+|std=[a-z0-9+]+|fno-[a-z0-9-]+|ffast-math|funroll-loops|flto)/)
      != nil
  }
}
