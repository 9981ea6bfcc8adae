import Foundation
import Graphs
import Methods
import Settings
import Tensors

/// Evidence that caches losses of changed networks by everything that they depend on.
///
/// Candidates of a search that measure the same curves measure them once. All other requests go to the
/// wrapped evidence.
struct KeptLosses: Evidence {
  private let evidence: any Evidence
  private let folder: String
  /// The images and the arithmetic, as part of the cache's keys.
  private let settings: SettingsNode

  /// Wraps evidence.
  ///
  /// - Parameters:
  ///   - evidence: the evidence that measures.
  ///   - cache: the cache's folder.
  ///   - images: the identity of the images and of their preparation.
  ///   - arithmetic: the instruction set and the number of threads.
  init(_ evidence: any Evidence, cache: String, images: SettingsNode, arithmetic: String) {
    self.evidence = evidence
    folder = cache + "/losses"
    settings = SettingsNode(mapping: ["images": images, "arithmetic": arithmetic.node])
  }

  private struct Loss: Codable {
    var loss: Double
  }

  func meanLoss(of changed: Graph, images: Int) throws -> Double {
    let key = changed.digest(with: SettingsNode(mapping: ["of": settings, "count": images.node]))
    let path = "\(folder)/\(key).json"
    if let data = FileManager.default.contents(atPath: path),
      let known = try? JSONDecoder().decode(Loss.self, from: data)
    {
      return known.loss
    }
    let loss = try evidence.meanLoss(of: changed, images: images)
    // A cache that cannot be written costs only time.
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if let data = try? JSONEncoder().encode(Loss(loss: loss)) {
      try? WholeFile.write([UInt8](data), to: path)
    }
    return loss
  }

  func latencyMs(of graph: Graph, on target: String) throws -> Double {
    try evidence.latencyMs(of: graph, on: target)
  }

  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    try evidence.forEachGradient(images: images, body)
  }

  func forEachExample(
    of values: [String], images: Int, _ body: ([String: Tensor], _ classes: [Int]) -> Void
  ) throws {
    try evidence.forEachExample(of: values, images: images, body)
  }

  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    try evidence.forEachActivation(of: values, images: images, real: real, body)
  }

  func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    try evidence.forEachActivation(of: values, in: graph, images: images, real: real, body)
  }

  func forEachImageGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    try evidence.forEachImageGradient(images: images, body)
  }

  func hessianProduct(_ direction: [String: Tensor], images: Int) throws -> [String: Tensor] {
    try evidence.hessianProduct(direction, images: images)
  }

  func initialWeights() throws -> [String: Tensor] { try evidence.initialWeights() }
}
