import DNNL
import Export
import Foundation
import Graphs
import Ops

/// A model to compare, with its runtime.
struct DiffSubject {
  /// The program that runs a model.
  enum Runtime: String, CaseIterable {
    case here = ""
    case onnxruntime
    case litert
    case c
  }

  /// The model's name as the user gave it.
  let name: String
  let runtime: Runtime
  let path: String
  private(set) var imported: ImportedModel

  private init(_ name: String, _ options: ImportOptions) throws {
    self.name = name
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    let chosen = parts.count == 2 ? Runtime(rawValue: parts[0]) : nil
    runtime = chosen ?? .here
    path = try ModelPath.resolved(chosen == nil ? name : parts[1])
    let reading = ImportOptions(normalization: options.normalization, needsNormalization: false)
    let path = path
    imported = try failing(.badInput) { try ModelReader.read(path, reading) }
    if runtime == .here || runtime == .c { imported.tellNotes(of: name) }
  }

  /// Reads two models; if one has no normalization in its file, it takes that of the other.
  static func pair(_ first: String, _ second: String, _ options: ImportOptions) throws -> [DiffSubject] {
    var subjects = [try DiffSubject(first, options), try DiffSubject(second, options)]
    guard let known = subjects.firstIndex(where: \.imported.isNormalizationKnown) else {
      throw CommandFailure(.badInput, "\(first): \(ONNXFileProblem.noNormalization)")
    }
    let (mine, other) = (subjects[known].imported.model.input, 1 - known)
    let shapes = subjects.map(\.imported.model.input.shape)
    guard shapes[0] == shapes[1] else {
      throw CommandFailure(
        .badInput, "\(second): takes images of \(shapes[1]), \(first) of \(shapes[0]); expected the same")
    }
    if !subjects[other].imported.isNormalizationKnown { subjects[other].imported.model.input = mine }
    return subjects
  }

  /// Starts the model in its runtime.
  func run() throws -> any ModelRun {
    let path = path
    let model = imported.model
    switch runtime {
    case .here:
      let graph = (try? model.graph.foldedForInference()) ?? model.graph
      return CondenseRun(
        graph, floats: DNNLBackend(), threads: max(1, ProcessInfo.processInfo.activeProcessorCount))
    case .onnxruntime: return try failing(.badInput) { try ONNXRuntimeRun(path) }
    case .litert: return try failing(.badInput) { try LiteRTRun(path) }
    case .c: return try failing(.badInput) { try CompiledRun(model) }
    }
  }
}
