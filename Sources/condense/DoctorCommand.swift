import ArgumentParser
import DNNL
import Datasets
import Execution
import Foundation
import Reports
import Settings
import Simulation
import Targets
import Training

/// The command `condense doctor`: reports the machine's features and the effect of each missing tool.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Report this machine: cores, instruction sets, libraries, optional tools.")

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let machine = Machine.current
    let tools = (OptionalTool.all + OptionalTool.simulators).map { (tool: $0, path: $0.path) }
    if json {
      Console.print(report(machine, tools).prettyJSON)
    } else {
      show(machine, tools)
    }
  }

  private func show(_ machine: Machine, _ tools: [(tool: OptionalTool, path: String?)]) {
    Console.print("condense          \(Version.text)")
    Console.print("processor         \(machine.processor)")
    Console.print("cores             \(machine.cores)")
    Console.print("instruction sets  \(machine.instructionSets.joined(separator: " "))")
    Console.print(
      "memory            \(Machine.gibibytes(machine.memoryBytes)), "
        + "\(Machine.gibibytes(machine.availableBytes)) available")
    Console.print(
      "oneDNN            \(DNNLBackend().version), computes with \(DNNLBackend().instructionSet)"
        + (InstructionLimit.present.map { ", limited by \(InstructionLimit.variable)=\($0)" } ?? ""))
    Console.print(
      "precisions        f32"
        + (DNNLBackend().supports(.bf16)
          ? ", bf16" : "; bf16 is refused: it needs \(Precision.bf16Instructions)"))
    for folder in ["Teachers", "Data"] {
      let places = Locations.folders(folder)
      Console.print(
        folder.padding(toLength: 18, withPad: " ", startingAt: 0)
          + (places.isEmpty
            ? "not found: set CONDENSE_HOME to Condense's folder" : places.joined(separator: ", ")))
    }
    let limit = Machine.gibibytes(DatasetOptions.defaultCacheLimit())
    Console.print(
      "cache             "
        + (DatasetOptions.defaultCacheDirectory().map { "\($0), at most \(limit) of decoded sets" }
          ?? "none: set CONDENSE_CACHE or HOME"))
    for (tool, path) in tools {
      let name = tool.name.padding(toLength: 18, withPad: " ", startingAt: 0)
      Console.print(name + (path ?? "missing: \(tool.loss); \(tool.remedy)"))
    }
  }

  private func report(_ machine: Machine, _ tools: [(tool: OptionalTool, path: String?)]) -> SettingsNode {
    let toolNodes = tools.map { tool, path in
      SettingsNode(mapping: ["name": tool.name.node, "path": path.node, "lostWithoutIt": tool.loss.node])
    }
    return SettingsNode(mapping: [
      "schema": 1.node,
      "version": Version.text.node,
      "processor": machine.processor.node,
      "cores": machine.cores.node,
      "instructionSets": machine.instructionSets.node,
      "memoryBytes": machine.memoryBytes.node,
      "availableBytes": machine.availableBytes.node,
      "onednn": SettingsNode(mapping: [
        "version": DNNLBackend().version.node, "instructionSet": DNNLBackend().instructionSet.node,
      ]),
      "bf16": DNNLBackend().supports(.bf16).node,
      "teachers": Locations.folders("Teachers").node,
      "data": Locations.folders("Data").node,
      "cache": DatasetOptions.defaultCacheDirectory().node,
      "cacheLimitBytes": DatasetOptions.defaultCacheLimit().node,
      "tools": SettingsNode(.list(toolNodes)),
    ])
  }
}

/// A program or file that Condense uses if it is present.
struct OptionalTool {
  let name: String
  let loss: String
  let remedy: String
  private let place: () -> String?

  static var all: [OptionalTool] {
    [
      OptionalTool(name: "curl", loss: "`data fetch` cannot download", remedy: "apt-get install curl") {
        search("curl")
      },
      OptionalTool(
        name: "Chart.js", loss: "report.html has no training curves", remedy: ChartLibrary.remedy
      ) { ChartLibrary.find()?.path },
    ]
  }

  /// The tools that the profiles' simulators need, each with the targets that are only modelled without it.
  static var simulators: [OptionalTool] {
    var targets: [String: [String]] = [:]
    var tools: [ExternalTool] = []
    let profiles = (try? TargetProfile.all(in: Locations.folders("Recipes/targets"))) ?? []
    for profile in profiles {
      for tool in (try? SimulatorCatalogue.standard.tools(of: profile)) ?? [] {
        if !tools.contains(tool) { tools.append(tool) }
        targets[tool.name, default: []].append(profile.name)
      }
    }
    return tools.map { tool in
      OptionalTool(
        name: tool.name,
        loss: "\(targets[tool.name, default: []].joined(separator: ", ")) modelled, not simulated",
        remedy: "\(tool.remedy), or make simulators"
      ) { tool.path }
    }
  }

  /// The path of the tool; `nil` if it is missing.
  var path: String? { place() }

  /// Searches the folders of `PATH` for an executable.
  private static func search(_ name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
