import Foundation
import Graphs
import Settings

/// Tensors in files beside a model; only files within the model's folder are read.
struct ONNXExternalFiles {
  /// The folder of the model; `nil` for a model from memory.
  let folder: String?

  /// The path of a tensor's file, and the file's size in bytes.
  func file(of tensor: ONNXTensorProto) throws(ONNXFileProblem) -> (path: String, byteCount: Int) {
    let path = try path(of: Place(tensor).location, tensor.name)
    let size = (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber
    guard let size else { throw .external(tensor: tensor.name, reason: "\(path): its size is not known") }
    return (path, size.intValue)
  }

  /// The `count` bytes of a tensor.
  func bytes(of tensor: ONNXTensorProto, count: Int) throws(ONNXFileProblem) -> [UInt8] {
    let place = try Place(tensor)
    let path = try path(of: place.location, tensor.name)
    if let length = place.length, length != count {
      throw .external(tensor: tensor.name, reason: "its length is \(length), expected \(count) bytes")
    }
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { try? handle.close() }
      let size = try handle.seekToEnd()
      guard UInt64(place.offset) <= size, UInt64(count) <= size - UInt64(place.offset) else {
        throw ONNXFileProblem.external(
          tensor: tensor.name,
          reason: "\(count) bytes from byte \(place.offset) of \(place.location), which has \(size)")
      }
      try handle.seek(toOffset: UInt64(place.offset))
      let bytes = try handle.read(upToCount: count) ?? Data()
      guard bytes.count == count else {
        throw ONNXFileProblem.external(tensor: tensor.name, reason: "\(place.location) is cut off")
      }
      return [UInt8](bytes)
    } catch let problem as ONNXFileProblem {
      throw problem
    } catch {
      throw .external(
        tensor: tensor.name, reason: "\(place.location): \(FileFailure.reason(error, path: path))")
    }
  }

  /// The path of the file, if it is a regular file within the folder after links are resolved.
  private func path(of location: String, _ tensor: String) throws(ONNXFileProblem) -> String {
    guard let folder else {
      throw .external(tensor: tensor, reason: "there is no folder to look for \(location) in")
    }
    let parts = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !parts.contains(""), !parts.contains(".."), !location.contains("\0") else {
      throw .external(
        tensor: tensor, reason: "\"\(location)\" is not a path below the model's folder, expected one")
    }
    let root = URL(filePath: folder).resolvingSymlinksInPath().path
    let path = URL(filePath: root).appending(path: location).resolvingSymlinksInPath().path
    guard path.hasPrefix(root == "/" ? root : root + "/") else {
      throw .external(tensor: tensor, reason: "\"\(location)\" leads out of the model's folder")
    }
    let type = (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    guard let type else { throw .external(tensor: tensor, reason: "\(location): no such file") }
    guard type == .typeRegular else {
      throw .external(tensor: tensor, reason: "\(location) is not a plain file")
    }
    return path
  }

  /// The place of a tensor according to its entry.
  private struct Place {
    var location = ""
    var offset = 0
    var length: Int?

    init(_ tensor: ONNXTensorProto) throws(ONNXFileProblem) {
      for entry in tensor.externalData {
        switch entry.key {
        case "location": location = entry.value
        case "offset": offset = try Self.number(entry, tensor.name)
        case "length": length = try Self.number(entry, tensor.name)
        default: break
        }
      }
    }

    private static func number(
      _ entry: ONNXStringStringEntryProto, _ tensor: String
    ) throws(ONNXFileProblem) -> Int {
      guard let value = Int(entry.value), value >= 0 else {
        throw .external(
          tensor: tensor, reason: "\(entry.key) is \"\(entry.value.prefix(40))\", expected a number of bytes")
      }
      return value
    }
  }
}
