import Crypto
import Export
import Foundation
import Graphs
import Settings
import Tensors
import Targets

extension SimulationRunner {
  /// Runs a flow, each distinct network once.
  ///
  /// Throws for a run that exceeds its time or cannot be believed; nothing of it is kept.
  func run(
    _ flow: any DeviceFlow, on model: Model, images: [[Float]]
  ) async throws(SimulationError) -> FlowResult {
    let missing = flow.missingTools
    guard missing.isEmpty else {
      throw .missing(
        tools: missing.map(\.name),
        remedy: missing.map(\.remedy).reduce(into: [String]()) { list, remedy in
          if !list.contains(remedy) { list.append(remedy) }
        }.joined(separator: "; "))
    }
    let input = try flow.input(of: model, images: images)
    let toolFolder = cacheFolder + "/simulators"
    let cache = try SimulationCache(folder: cacheFolder + "/simulations")
    try SimulationCache.makeFolder(toolFolder)
    let probe = Workbench(folder: toolFolder, toolFolder: toolFolder, timeLimit: Workbench.buildLimit)
    let versions = try await flow.versions(probe)
    return try await cache.value(of: Self.key(flow, input, versions)) {
      folder async throws(SimulationError) in
      let bench = Workbench(folder: folder, toolFolder: toolFolder, timeLimit: Workbench.buildLimit)
      for file in input.files { try bench.write(file.bytes, to: file.name) }
      return try await flow.run(input, bench)
    }
  }

  /// The digest of everything that a result depends on.
  private static func key(_ flow: any DeviceFlow, _ input: FlowInput, _ versions: [String]) -> String {
    var hasher = SHA256()
    let texts = ["flow revision 1", flow.kind, flow.canonicalSettings] + versions + input.files.map(\.name)
    let numbers = (input.verilog?.images ?? []).joined().map(UInt8.init(bitPattern:))
    for part in texts.map({ Array($0.utf8) }) + input.files.map(\.bytes) + [numbers] {
      hasher.update(data: Array("\(part.count) ".utf8))
      hasher.update(data: part)
    }
    return hasher.finalize().hexadecimal
  }
}

extension Workbench {
  /// Runs the network's images in Verilator and compares the outputs; `nil` without Verilator or without
  /// images.
  func verilated(
    _ verilog: (artifact: VerilogArtifact, images: [[Int8]], expected: [Int8])?, seconds: Int
  ) async throws(SimulationError) -> (cycles: [Double], unequal: Int, outputs: [[Float]])? {
    guard let verilog, !verilog.images.isEmpty, ExternalTool.verilator.path != nil else { return nil }
    let artifact = verilog.artifact
    try write(artifact.harness.bytes, to: artifact.harness.name)
    try write(verilog.images.joined().map(UInt8.init(bitPattern:)), to: "in.bin")
    let limit = Duration.seconds(seconds)
    _ = try await tool(.verilator, artifact.verilatorArguments, limit: limit).successfulOutput()
    let text = try await ToolRun(
      path: path(artifact.harnessProgram), arguments: [], folder: folder, limit: limit
    )
    .successfulOutput()
    let cycles = text.split(separator: "\n").compactMap { Double($0) }
    let found = try read("out.bin").map { Int8(bitPattern: $0) }
    let size = artifact.outputCount
    guard cycles.count == verilog.images.count, found.count == verilog.expected.count else {
      throw .report("Verilator's program ran \(cycles.count) of \(verilog.images.count) images")
    }
    let outputs = stride(from: 0, to: found.count, by: size).map { Array(found[$0..<$0 + size]) }
    let unequal = outputs.enumerated().count { image, row in
      row != Array(verilog.expected[image * size..<(image + 1) * size])
    }
    return (cycles, unequal, outputs.map { $0.map(Float.init) })
  }
}
