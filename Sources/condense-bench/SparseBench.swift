import ArgumentParser
import CProcess
import Encodings
import Export
import Foundation
import Graphs
import Ops
import Readings
import Simulation
import Targets
import Tensors

/// The time and bytes of pruned layers in exported C, with dense and with sparse storage.
struct SparseBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sparse",
    abstract:
      "Time and bytes of pruned layers in exported C: floats and bytes, with their zeros and without.",
    discussion: """
      Layers with weights masked at random are exported twice, with every zero stored and multiplied and with survivors
      alone, and run in a board's simulator (cycles as the profile counts them, its factors left out) or, as target host,
      compiled with cc -O2 and timed here, the median of several rounds.
      """)

  @Option(help: "host, or a profile's name in Recipes/targets/; repeat for several.")
  var target = ["host"]

  @Option(help: "Rounds of timing on the host.")
  var rounds = 15

  func validate() throws {
    guard (1...1000).contains(rounds) else {
      throw ValidationError("--rounds must be in 1...1000, found \(rounds)")
    }
  }

  func run() throws {
    condense_prepare_compute()
    let folder = NSTemporaryDirectory() + "condense-bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var rows: [SparseRow] = []
    for name in target {
      let place = try place(name, folder)
      for layer in SparseLayer.all {
        for density in SparseLayer.densities {
          for isInteger in [false, true] {
            let model = try layer.model(density: density, isInteger: isInteger)
            for sparse in [CSparse.never, .always] {
              var row = SparseRow(target: name, layer: layer, density: density, isInteger, sparse)
              try place.measure(model, by: CExporter(sparse: sparse), into: &row)
              rows.append(row)
            }
          }
        }
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    print(String(decoding: try encoder.encode(rows), as: UTF8.self))
  }

  private func place(_ name: String, _ folder: String) throws -> any SparsePlace {
    guard name != "host" else { return SparseHost(folder: folder, rounds: rounds) }
    var profile = try TargetProfile.named(name, searching: ["Recipes/targets"])
    guard let simulator = profile.simulator else {
      throw ValidationError("--target \(name): has no simulator")
    }
    profile.simulator = simulator.counting(optimization: [])
    return SparseBoard(profile: profile, meter: TargetMeter(SimulationRunner(cacheFolder: folder)))
  }
}

/// A layer with a share of its weights.
struct SparseLayer {
  static let densities = [1, 0.5, 0.2, 0.1, 0.05, 0.02]
  static let all = [
    SparseLayer(name: "linear 400 to 120", input: [400], op: Linear(features: 120)),
    SparseLayer(name: "linear 200 to 80", input: [200], op: Linear(features: 80)),
    SparseLayer(
      name: "convolution 3x3, 16 to 32, 6x6 to 4x4", input: [16, 6, 6], op: Conv2D(filters: 32, kernel: 3)),
  ]

  let name: String
  let input: Shape
  let op: any Op

  /// The layer alone, with a share `density` of its weights chosen at random; in bytes or floats.
  func model(density: Double, isInteger: Bool) throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: input)])
    try graph.append(op, name: "layer", inputs: ["image"])
    graph.outputs = ["layer"]
    graph.initializeParameters(seed: 0)
    let name = ParameterRole.weight.name(of: "layer")
    guard var parameter = graph.parameters[name] else { throw ValidationError("\(self.name): no weights") }
    let count = parameter.value.values.count
    var random = SeededRandom(seed: 2, purpose: "survivors", Int(density * 1000))
    let order = (0..<count).map { (random.next(), $0) }.sorted { $0 < $1 }.map { $0.1 }
    let survivors = order.prefix(Int((density * Double(count)).rounded()))
    parameter = Parameter(
      parameter.value, encoding: Sparse(mask: Mask(count: count, survivors: Array(survivors))))
    graph.parameters[name] = Parameter(parameter.projected, encoding: parameter.encoding)
    return isInteger
      ? try SyntheticStudent.bytes(of: graph, name: self.name) : SyntheticStudent.model(graph, self.name)
  }
}

/// The measured cost of a layer at a place; it has no time if the layer does not fit.
struct SparseRow: Encodable {
  let target, layer: String
  let density: Double
  let numbers: String
  /// The storage: `dense` stores and multiplies every weight, `sparse` only those that are not zero.
  let storage: String
  /// The bytes of the layer's constants: weights, places, biases, ratios.
  var constantBytes = 0
  /// The cycles of one image on a board, without the calls around the layer.
  var cycles: Double?
  /// The time of one image on the host, in nanoseconds: median, minimum and maximum of the rounds.
  var nanoseconds: [Double]?
  /// The reason why there is no time.
  var reason: String?
  /// The number of images whose outputs differ from the reference.
  var unequal: Int?

  init(target: String, layer: SparseLayer, density: Double, _ isInteger: Bool, _ sparse: CSparse) {
    self.target = target
    self.layer = layer.name
    self.density = density
    numbers = isInteger ? "int8" : "float32"
    storage = sparse == .never ? "dense" : "sparse"
  }
}

/// A place on which layers are measured.
protocol SparsePlace {
  func measure(_ model: Model, by exporter: CExporter, into row: inout SparseRow) throws
}

/// A board in its simulator.
struct SparseBoard: SparsePlace {
  let profile: TargetProfile
  let meter: TargetMeter

  func measure(_ model: Model, by exporter: CExporter, into row: inout SparseRow) throws {
    row.constantBytes = try exporter.artifact(of: model, ExportOptions(target: profile)).program.weightBytes
    var meter = meter
    meter.exporter = exporter
    var random = SeededRandom(seed: 1, purpose: "kernel images")
    let images = (0..<2).map { _ in (0..<model.input.shape.count).map { _ in 2 * random.uniform() - 1 } }
    let reading = try meter.waitForReading(model, flashBytes: 0, on: profile, images: images).reading
    guard reading.fits, reading.isSimulated else {
      row.reason = reading.reason ?? reading.note ?? "not simulated"
      return
    }
    row.cycles = reading.layers?.first { $0.name == "layer" }?.cycles
    row.unequal = reading.imagesUnequal
  }
}

/// This machine, with its C compiler.
struct SparseHost: SparsePlace {
  let folder: String
  let rounds: Int

  func measure(_ model: Model, by exporter: CExporter, into row: inout SparseRow) throws {
    let artifact = try exporter.artifact(of: model, ExportOptions(baseName: "layer"))
    row.constantBytes = artifact.program.weightBytes
    for file in artifact.files { try Data(file.bytes).write(to: URL(filePath: folder + "/" + file.name)) }
    try Data(Self.timer(artifact.program).utf8).write(to: URL(filePath: folder + "/timer.c"))
    _ = try Self.run("cc", ["-std=c99", "-O2", folder + "/timer.c", "-o", folder + "/timer"])
    let lines = try Self.run(folder + "/timer", ["\(rounds)"]).split(separator: "\n")
    let times = lines.compactMap { Double($0) }.sorted()
    guard times.count == rounds else { throw ValidationError("the timer wrote \(times.count) times") }
    row.nanoseconds = [times[times.count / 2], times[0], times[times.count - 1]]
  }

  /// The source of a program that prints nanoseconds for each run.
  ///
  /// It repeats the layer until a round takes 20 milliseconds, then times the given number of rounds.
  private static func timer(_ program: CProgram) -> String {
    """
    #define _POSIX_C_SOURCE 199309L
    #include "\(program.name).c"
    #include <stdio.h>
    #include <stdlib.h>
    #include <time.h>
    static double round_of(long runs) {
      struct timespec begin, end;
      static volatile \(program.name)_number sink;
      clock_gettime(CLOCK_MONOTONIC, &begin);
      for (long i = 0; i < runs; i++) sink = *\(program.runFunction)();
      clock_gettime(CLOCK_MONOTONIC, &end);
      (void)sink;
      return (double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec);
    }
    int main(int argc, char **argv) {
      int rounds = argc == 2 ? atoi(argv[1]) : 1;
      long runs = 1;
      for (int i = 0; i < \(program.inputCount); i++)
        \(program.inputFunction)()[i] = (\(program.name)_number)(i * 37 % 101 - 50);
      while (round_of(runs) < 2e7) runs *= 2;
      for (int i = 0; i < rounds; i++) printf("%.3f\\n", round_of(runs) / (double)runs);
      return 0;
    }

    """
  }

  private static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ValidationError("\(program): status \(process.terminationStatus)")
    }
    return text
  }
}
