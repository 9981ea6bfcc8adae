import Crypto
import Foundation
import Graphs
public import Settings
import Tensors

/// A store of finished sensitivity curves, so that a stopped study continues after its last layer.
public struct SensitivityStore {
  /// The path of the study's file.
  public let path: String

  /// The store of a study in a cache's folder.
  public init(_ study: SensitivityIdentity, cache folder: String) {
    path = "\(folder)/sensitivity/\(study.digest).json"
  }

  private struct Contents: Codable {
    var schema = 1
    var curves: [SensitivityCurve]
  }

  /// The stored curves; none where the file is missing or cannot be read.
  public func curves() -> [SensitivityCurve] {
    guard let data = FileManager.default.contents(atPath: path),
      let contents = try? JSONDecoder().decode(Contents.self, from: data), contents.schema == 1
    else { return [] }
    return contents.curves
  }

  /// Stores curves in place of earlier ones.
  public func save(_ curves: [SensitivityCurve]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let folder = URL(filePath: path).deletingLastPathComponent().path
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw TrialError.unwritable(path: folder, reason: FileFailure.reason(error, path: folder))
    }
    try TrialFolder.write([UInt8](try encoder.encode(Contents(curves: curves))), to: path)
  }
}

/// The identity of a study: everything that its curves are a function of.
public struct SensitivityIdentity: Sendable {
  /// The SHA-256 in hexadecimal.
  public let digest: String

  /// Makes the identity of a study.
  ///
  /// - Parameters:
  ///   - study: the network, and the method with its settings.
  ///   - images: the identity of the judging images and of their preparation.
  ///   - sparsities: the shares that are measured.
  ///   - arithmetic: the instruction set and the number of threads, which decide the order of sums.
  public init(
    _ study: LayerSensitivity, images: SettingsNode, sparsities: [Double], arithmetic: String
  ) {
    digest = study.graph.digest(
      with: SettingsNode(mapping: [
        "images": images, "method": study.choice.node, "sparsities": sparsities.node,
        "arithmetic": arithmetic.node,
      ]))
  }
}

extension Graph {
  /// The SHA-256 of a network with the weights that its kernels use, of settings and of the engine's
  /// revision, in hexadecimal.
  func digest(with settings: SettingsNode) -> String {
    let node = SettingsNode(mapping: [
      "structure": structureNode, "settings": settings, "engine": TrialSpec.engineRevision.node,
    ])
    var hash = SHA256()
    hash.update(data: Array(node.canonicalJSON.utf8))
    for (name, parameter) in parameters.sorted(by: { $0.key < $1.key }) {
      hash.update(data: Array(name.utf8))
      var bytes: [UInt8] = []
      bytes.reserveCapacity(4 * parameter.value.values.count)
      for value in parameter.projected.values {
        let bits = value.bitPattern
        for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
      }
      hash.update(data: bytes)
    }
    return hash.finalize().map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }
}
