public import Graphs
import Ops

/// Models in files of any kind, told by their content.
public enum AnyModelFile {
  /// Reads safetensors or a student file; anything else is refused before it is read to its end.
  public static func read(_ path: String) throws(ModelFileError) -> Model {
    let bytes = try ModelFile.contents(of: path, expected: "safetensors or a student file") {
      StudentFile.isBeginning($0) || Safetensors.isBeginning($0)
    }
    return StudentFile.isBeginning(bytes)
      ? try StudentFile.read(bytes: bytes, file: path)
      : try ModelFile.read(bytes: bytes, file: path, catalogue: .standard)
  }
}
