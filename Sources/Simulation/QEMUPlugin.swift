import Export

/// The plugin that counts executed instructions and cycles, for any emulator of QEMU.
struct QEMUPlugin {
  /// QEMU 7 and 8 take version 1 of the plugin interface, later releases 2 and more; the calls used here are
  /// in all of them.
  private static let versions = [1, 2]

  let emulator: ExternalTool

  /// Runs a firmware with a table of costs.
  ///
  /// QEMU refuses a plugin of another interface version, so versions are tried from the oldest.
  func run(
    _ firmware: Firmware, arguments: [String], table: String, _ bench: Workbench
  ) async throws(SimulationError) -> RunReport {
    try bench.write(Array(table.utf8), to: "table.txt")
    for version in Self.versions {
      let plugin = try await CompiledHelper(
        name: "qemu-plugin-\(version).so", source: PackageResources.qemu_plugin_c,
        flags: ["-O2", "-shared", "-fPIC", "-DCONDENSE_PLUGIN_API=\(version)"], libraries: ["-lpthread"]
      ).path(bench)
      try bench.copy(plugin, to: "plugin.so")
      let run = try bench.tool(
        emulator, ["-plugin", "./plugin.so,table=table.txt,report=report.txt"] + arguments,
        limit: bench.timeLimit)
      let output = try await run.output()
      if output.isSuccess {
        return try RunReport(String(decoding: try bench.read("report.txt"), as: UTF8.self))
      }
      guard output.text.contains("API version"), version != Self.versions.last else {
        throw run.failure(output)
      }
    }
    throw .report("no version of the plugin was tried")
  }

  /// The start addresses of the network and its steps, as lines of the plugin's table.
  static func places(_ firmware: Firmware, mask: UInt64 = .max) throws(SimulationError) -> [String] {
    let run = try firmware.address(firmware.program.runFunction) & mask
    return ["run \(run)"]
      + firmware.stepAddresses.enumerated().compactMap { step, address in
        address.map { "step \(step) \($0 & mask)" }
      }
  }
}
