import ArgumentParser
import Foundation
import Graphs
import Ops
import Settings
import Tensors

/// `condense-bench fuzz-model`: damaged model files through the reader, best built with the address sanitizer.
///
/// Each file must be refused with a typed error, or give a model that verifies and survives another round trip.
struct FuzzModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz-model", abstract: "Read damaged model files; run it under the address sanitizer.")

  @Option(help: "How many files.")
  var count = 200_000

  @Option(help: "The seed of the damage.")
  var seed: UInt64 = 1

  @Option(help: "Write the unharmed file here, for other readers of safetensors.")
  var sample: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let models = try [FuzzedModels.convolutional(seed: seed), FuzzedModels.branched(seed: seed)]
    if let sample { try ModelFile.write(models[0], to: sample) }
    let files = try models.map { try ModelFile.bytes(of: $0) }
    var tally = FuzzTally()
    let time = ContinuousClock().measure {
      for index in 0..<max(0, count) {
        let file = index % files.count
        let bytes = FileMutation.mutated(
          files[file], splicing: files[(file + 1) % files.count], seed: seed, index: index)
        tally.read(bytes, index: index)
      }
    }
    let report = tally.report(
      count: count, seed: seed, seconds: time / .seconds(1), fileBytes: files.map(\.count))
    print(json ? report.prettyJSON : report.canonicalJSON)
    if !tally.broken.isEmpty { throw ExitCode(70) }
  }
}

/// What became of the files.
private struct FuzzTally {
  var refused: [String: Int] = [:]
  var accepted = 0
  /// Indices of files that were accepted although the model does not hold together.
  var broken: [Int] = []

  mutating func read(_ bytes: [UInt8], index: Int) {
    do throws(ModelFileError) {
      let model = try ModelFile.read(bytes: bytes, file: "m", catalogue: .standard)
      accepted += 1
      let again = try? ModelFile.read(
        bytes: ModelFile.bytes(of: model), file: "m", catalogue: .standard)
      if again != model { broken.append(index) }
    } catch {
      refused[Self.reason(error), default: 0] += 1
    }
  }

  /// The error's case, which tells which check refused the file.
  private static func reason(_ error: ModelFileError) -> String {
    switch error {
    case .graph(_, .graph(let error)): "graph." + caseName(error)
    case .graph(_, .settings(let error)): "settings." + caseName(error)
    case .header(_, let error): "header." + caseName(error)
    case .metadata(_, let key, let error): "metadata.\(key)." + caseName(error)
    default: caseName(error)
    }
  }

  private static func caseName(_ error: some Error) -> String {
    String(describing: Mirror(reflecting: error).children.first?.label ?? "\(error)")
  }

  func report(count: Int, seed: UInt64, seconds: Double, fileBytes: [Int]) -> SettingsNode {
    let mark = SettingsMark(source: "built-in")
    let reasons = refused.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { SettingsNode.Entry(key: $0.key, mark: mark, value: $0.value.node) }
    return SettingsNode(mapping: [
      "schema": 1.node, "benchmark": "fuzz-model".node, "files": count.node, "seed": Int(seed).node,
      "fileBytes": fileBytes.node, "accepted": accepted.node, "refused": refused.values.reduce(0, +).node,
      "broken": broken.node, "seconds": ((seconds * 10).rounded() / 10).node,
      "filesPerSecond": Int(Double(count) / max(seconds, 1e-9)).node,
      "peakMemory": FuzzTally.peakMemory.node, "reasons": SettingsNode(.mapping(reasons)),
    ])
  }

  /// The most memory that the process held, as Linux tells it.
  private static var peakMemory: String {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.dropFirst(6).trimmingCharacters(in: .whitespaces) ?? "unknown"
  }
}

/// The models whose files are damaged: small, with many kinds of op and setting.
private enum FuzzedModels {
  static func convolutional(seed: UInt64) throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [1, 8, 8])])
    try graph.append(Conv2D(filters: 3, kernel: 3, bias: false), name: "conv1", inputs: ["image"])
    try graph.append(BatchNorm(), name: "norm1", inputs: ["conv1"])
    try graph.append(ReLU(), name: "relu1", inputs: ["norm1"])
    try graph.append(MaxPool(kernel: 2), name: "pool1", inputs: ["relu1"])
    try graph.append(Flatten(), name: "flatten1", inputs: ["pool1"])
    try graph.append(Linear(features: 3), name: "logits", inputs: ["flatten1"])
    return model(graph, channels: 1, side: 8, seed: seed)
  }

  static func branched(seed: UInt64) throws -> Model {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [3, 6, 6])])
    try graph.append(
      Conv2D(filters: 6, kernel: 3, stride: 2, padding: 2, dilation: 2, groups: 3), name: "left",
      inputs: ["image"])
    try graph.append(Conv2D(filters: 6, kernel: 1, stride: 2), name: "right", inputs: ["image"])
    try graph.append(Add(), name: "add", inputs: ["left", "right"])
    try graph.append(LeakyReLU(), name: "relu", inputs: ["add"])
    try graph.append(Concat(), name: "concat", inputs: ["relu", "left"])
    try graph.append(ChannelShuffle(groups: 4), name: "shuffle", inputs: ["concat"])
    try graph.append(Upsample(factor: 2, mode: .bilinear), name: "up", inputs: ["shuffle"])
    try graph.append(AveragePool(kernel: 3, stride: 2, padding: 1), name: "pool", inputs: ["up"])
    try graph.append(GlobalAveragePool(), name: "mean", inputs: ["pool"])
    try graph.append(Reshape(shape: [-1]), name: "flat", inputs: ["mean"])
    try graph.append(Dropout(rate: 0.25), name: "drop", inputs: ["flat"])
    try graph.append(Linear(features: 3, bias: false), name: "logits", inputs: ["drop"])
    return model(graph, channels: 3, side: 6, seed: seed)
  }

  private static func model(_ graph: Graph, channels: Int, side: Int, seed: UInt64) -> Model {
    var graph = graph
    graph.outputs = ["logits"]
    graph.initializeParameters(seed: seed)
    return Model(
      graph: graph, classes: ["circle", "Dreieck größer", "line"],
      input: InputDescription(
        shape: [channels, side, side], mean: Array(repeating: 127.5, count: channels),
        deviation: Array(repeating: 64.25, count: channels)),
      split: SettingsNode(mapping: ["seed": 0.node, "validation": 0.1.node]),
      provenance: SettingsNode(mapping: ["network": "fuzzed".node, "threads": 1.node]))
  }
}
