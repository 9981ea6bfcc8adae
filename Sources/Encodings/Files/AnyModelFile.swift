public import Graphs
import Ops

/// Reads models from safetensors and student files, which it tells apart by their content.
public enum AnyModelFile {
  /// True if safetensors or a student file may begin with these bytes.
  public static func isBeginning(_ bytes: [UInt8]) -> Bool {
    StudentFile.isBeginning(bytes) || Safetensors.isBeginning(bytes)
  }

  /// Reads safetensors or a student file; anything else is refused before it is read to its end.
  public static func read(_ path: String) throws(ModelFileError) -> Model {
    let bytes = try ModelFile.contents(
      of: path, expected: "safetensors or a student file", accepting: isBeginning)
    return try read(bytes: bytes, file: path)
  }

  /// Reads a model from a file's bytes; `file` is named in errors.
  public static func read(bytes: [UInt8], file: String) throws(ModelFileError) -> Model {
    StudentFile.isBeginning(bytes)
      ? try StudentFile.read(bytes: bytes, file: file)
      : try ModelFile.read(bytes: bytes, file: file, catalogue: .standard)
  }
}
