import Tensors
import Encodings
public import Graphs

/// Reads model files of any format, recognized by their content: safetensors, student files, ONNX, TensorFlow
/// Lite.
public enum ModelReader {
  /// Reads a model; a file of another format is refused before all of it is read.
  public static func read(
    _ path: String, _ options: ImportOptions = ImportOptions()
  ) throws(ModelFileError) -> ImportedModel {
    let bytes = try ModelFile.contents(
      of: path, expected: "safetensors, a student file, ONNX or TensorFlow Lite"
    ) {
      AnyModelFile.isBeginning($0) || ONNXFile.isBeginning($0) || TFLiteFile.isBeginning($0)
    }
    if TFLiteFile.isBeginning(bytes) { return try TFLiteFile.read(bytes: bytes, file: path, options) }
    if !AnyModelFile.isBeginning(bytes) { return try ONNXFile.read(bytes: bytes, file: path, options) }
    var imported = ImportedModel(model: try AnyModelFile.read(bytes: bytes, file: path))
    if let normalization = options.normalization {
      do throws(ONNXFileProblem) {
        imported.model.input = try normalization.description(
          channels: imported.model.input.shape[0], shape: imported.model.input.shape)
      } catch {
        throw .onnx(file: path, error)
      }
    }
    return imported
  }
}
