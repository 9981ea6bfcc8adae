import Crypto
import Foundation
import Graphs
public import Settings
import Tensors

/// Curves of sensitivity by what they depend on, as far as they were measured: a study that was stopped goes on behind its last
/// layer.
public struct SensitivityStore {
  /// The file of one study.
  public let path: String

  /// The study of some settings in a cache's folder.
  public init(_ study: SensitivityIdentity, cache folder: String) {
    path = "\(folder)/sensitivity/\(study.digest).json"
  }

  private struct Contents: Codable {
    var schema = 1
    var curves: [SensitivityCurve]
  }

  /// The curves that are there; none where the file is missing or cannot be read.
  public func curves() -> [SensitivityCurve] {
    guard let data = FileManager.default.contents(atPath: path),
      let contents = try? JSONDecoder().decode(Contents.self, from: data), contents.schema == 1
    else { return [] }
    return contents.curves
  }

  /// Keeps curves in place of those that were there.
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

/// All that curves of sensitivity are a function of.
public struct SensitivityIdentity: Sendable {
  /// SHA-256, hexadecimal.
  public let digest: String

  /// - Parameters:
  ///   - study: the network, and the method with its settings.
  ///   - images: which images judge it, and how they become its input.
  ///   - arithmetic: instruction set and threads, which decide the order of sums.
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
  /// The SHA-256 of a network, what its kernels compute with included, of settings, and of the engine's revision; hexadecimal.
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
