import Crypto
import Graphs
import Settings
import Tensors

extension Safetensors {
  private static let seal = "sha256"

  /// The container with the SHA-256 of everything else in its metadata, so that damage is found.
  var sealed: Safetensors {
    var file = self
    file.metadata[Self.seal] = SHA256.hash(data: bytes).hexadecimal
    return file
  }

  /// Reads a sealed container of one format and schema; errors name `file`.
  init(sealed bytes: [UInt8], format: String, schema: String, file: String) throws {
    try self.init(bytes: bytes, file: file)
    guard metadata["format"] == format, metadata["schema"] == schema else {
      throw TrainingError.checkpoint(path: file, reason: "not a checkpoint of this version of condense")
    }
    let stored = metadata.removeValue(forKey: Self.seal)
    guard stored == sealed.metadata[Self.seal] else {
      throw TrainingError.checkpoint(
        path: file, reason: "damaged: its content does not have the checksum that it gives")
    }
  }
}
