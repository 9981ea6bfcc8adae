import ArgumentParser
import Export
import Foundation
import Graphs

/// The program onnxruntime in a given Python, which times a model's export.
struct ONNXRuntimePeer {
  /// The result of a timing.
  struct Timing: Codable {
    let msPerStep: Double
    let min: Double
    let steps: Int
    let version: String
    /// The operators that ran, with the number of calls; they reveal a pass that fell back to floats.
    let operators: [String: Int]

    private enum CodingKeys: String, CodingKey {
      case msPerStep = "ms_per_step"
      case min, steps, version, operators
    }
  }

  private let python: String
  private let folder: String
  private let model: String

  /// Exports a model for an interpreter that can import onnxruntime.
  init(_ model: Model, weights: ONNXWeights, python: String) throws {
    self.python = python
    folder = NSTemporaryDirectory() + "condense-bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    var exporter = ONNXExporter()
    exporter.weights = weights
    let written = try exporter.export(model, to: folder + "/onnx", ExportOptions())
    self.model = written.path(of: written.artifact.model)
    try Data(PackageResources.onnx_inference_py).write(to: URL(filePath: script))
  }

  private var script: String { folder + "/onnx-inference.py" }

  /// Removes the exported files.
  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// Times the passes of a batch.
  func timing(batch: Int, threads: Int, seconds: Double) throws -> Timing {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      python, script, model, "--batch", "\(batch)", "--threads", "\(threads)", "--seconds", "\(seconds)",
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let line = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw ValidationError(
        "--against \(python): ended with \(process.terminationStatus); it must be a Python that imports onnxruntime and numpy"
      )
    }
    return try JSONDecoder().decode(Timing.self, from: line)
  }
}
