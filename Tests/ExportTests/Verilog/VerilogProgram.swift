import Encodings
import Execution
import Foundation
import Graphs
import Ops
import Tensors
import TestSupport

@testable import Export

/// A small integer network, with its form of Verilog.
struct VerilogCase: Sendable, CustomStringConvertible {
  /// The numbers of the weights.
  enum Weights: String, Sendable {
    case bytes, four, powers, terms, signs
  }

  let graph: SmallGraph
  let weights: Weights
  let exporter: VerilogExporter

  var description: String { "\(graph) of \(weights), \(exporter.form), \(exporter.units)" }

  init(
    _ graph: SmallGraph, _ weights: Weights, _ form: VerilogForm = .folded, units: Int = 4, levels: Int = 1
  ) {
    self.graph = graph
    self.weights = weights
    exporter = VerilogExporter(form: form, units: units, levels: levels)
  }

  /// The network in integers.
  func quantized() throws -> Graph {
    let graph = try graph.graph().foldedForInference()
    let shape = graph.inputs[0].shape
    let images = Tensor(random: Shape([4] + shape.dimensions), in: -2...2, seed: 1, "calibration").values
    let bytes = try graph.quantized(
      calibratedOn: images, batch: 4, weightBits: weights == .four ? 4 : nil)
    switch weights {
    case .bytes, .four: return bytes
    case .powers: return bytes.onPowersOfTwo(LevelSet(termBits: 4, terms: 1))
    case .terms: return bytes.onPowersOfTwo(LevelSet(termBits: 3, terms: 2))
    case .signs: return bytes.onPowersOfTwo(nil)
    }
  }

  /// The network as Verilog.
  func artifact() throws -> VerilogArtifact {
    let program = try IntegerProgram(try quantized())
    return VerilogArtifact(try exporter.design(program), name: "tiny", integers: program, pixels: nil)
  }
}

extension VerilogArtifact {
  /// Writes all files to a temporary folder for the time of `body`.
  func inFolder<R>(_ body: (String) throws -> R) throws -> R {
    let folder = NSTemporaryDirectory() + "condense-verilog-\(UUID().uuidString)"
    try ExportFolder.write(files, to: folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }

  /// The outputs of the integer reference for some images.
  func references(_ images: [[Int8]]) -> [Int8] {
    images.flatMap { integers.values(of: [$0])[integers.outputs[0]] }
  }
}
