import Foundation
public import Graphs
import SwiftProtobuf
import Tensors

/// Reads networks in ONNX files, as PyTorch's exporters, onnxruntime's quantizer and Condense write them.
///
///     let imported = try ONNXFile.read("resnet20.onnx", ImportOptions())
///
/// A file is untrusted: reading returns a verified model or throws, in memory proportional to the file and
/// those beside it.
public enum ONNXFile {
  /// The operator sets that are read.
  public static let operatorSets = 7...27
  /// The largest depth of nested messages; a network's tensors are at depth six.
  static let messageDepth = 16

  /// Decoding with limited depth; unknown fields are dropped.
  static var decoding: BinaryDecodingOptions {
    var options = BinaryDecodingOptions()
    options.messageDepthLimit = messageDepth
    options.discardUnknownFields = true
    return options
  }

  /// True if bytes may be the beginning of an ONNX file: the version, then a field that writers put next.
  public static func isBeginning(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 2, bytes[0] == 0x08, (1...99).contains(bytes[1]) else { return false }
    return [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72].contains(bytes[2])
  }

  /// Reads a network from a file, with tensors in files beside it.
  public static func read(_ path: String, _ options: ImportOptions) throws(ModelFileError) -> ImportedModel {
    let bytes = try ModelFile.contents(of: path, expected: "ONNX", accepting: isBeginning)
    return try read(bytes: bytes, file: path, options)
  }

  /// Reads a network from a file's bytes, with tensors in files beside it.
  static func read(
    bytes: [UInt8], file: String, _ options: ImportOptions
  ) throws(ModelFileError) -> ImportedModel {
    try read(bytes: bytes, file: file, folder: URL(filePath: file).deletingLastPathComponent().path, options)
  }

  /// Reads a network from a file's bytes; `folder` contains its other files, and `nil` allows none.
  public static func read(
    bytes: [UInt8], file: String, folder: String?, _ options: ImportOptions
  ) throws(ModelFileError) -> ImportedModel {
    let imported: ImportedModel
    do throws(ONNXFileProblem) {
      let proto = try parsed(bytes)
      var reader = try ONNXModelReader(
        proto,
        .init(files: ONNXExternalFiles(folder: folder), fileBytes: bytes.count, images: .asShaped))
      imported = try reader.read(options)
    } catch {
      throw .onnx(file: file, error)
    }
    try ModelFile.check(imported.model, file: file)
    return imported
  }

  /// The network in a file's bytes, with any inputs.
  static func graph(bytes: [UInt8]) throws(ONNXFileProblem) -> Graph {
    var reader = try ONNXModelReader(
      parsed(bytes), .init(fileBytes: bytes.count, images: .channelsFirst))
    return try reader.readGraph()
  }

  private static func parsed(_ bytes: [UInt8]) throws(ONNXFileProblem) -> ONNXModelProto {
    let proto: ONNXModelProto
    do {
      proto = try ONNXModelProto(serializedBytes: bytes, partial: true, options: decoding)
    } catch {
      throw .damaged(reason: "the protobuf message cannot be read: \(error)")
    }
    let version = proto.opsetImport.first { $0.domain.isEmpty || $0.domain == "ai.onnx" }
      .map { Int($0.version) }
    guard let version, operatorSets.contains(version) else {
      throw .operatorSet(found: version, expected: operatorSets)
    }
    guard proto.hasGraph, !proto.graph.node.isEmpty else {
      throw .damaged(reason: "it has no graph of nodes")
    }
    return proto
  }
}
