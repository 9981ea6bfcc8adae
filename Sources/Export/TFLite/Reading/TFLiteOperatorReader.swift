/// Reads operators of some kinds: one file for each family, and one line in `TFLiteReaderCatalogue`.
protocol TFLiteOperatorReader: Sendable {
  /// The operators.
  static var types: [String] { get }
  /// Appends the ONNX nodes of an operator; throws if it has none.
  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal)
}

/// The TensorFlow Lite operators that are imported.
///
/// It is no `Catalogue`: a reader has several names and no settings.
enum TFLiteReaderCatalogue {
  static let all: [any TFLiteOperatorReader.Type] = [
    TFLiteConvolutionReader.self, TFLiteProductReader.self, TFLiteMatrixReader.self, TFLitePoolReader.self,
    TFLiteMeanReader.self, TFLiteActivationReader.self, TFLiteBoundReader.self, TFLiteSoftmaxReader.self,
    TFLiteCombinationReader.self, TFLiteConcatReader.self, TFLiteReshapeReader.self, TFLiteAxesReader.self,
    TFLiteTransposeReader.self, TFLitePadReader.self, TFLiteSliceReader.self, TFLiteSplitReader.self,
    TFLitePiecesReader.self, TFLiteTileReader.self,
    TFLiteResizeReader.self, TFLiteGridReader.self, TFLiteShapeReader.self, TFLitePassingReader.self,
  ]

  /// The reader of each operator.
  static let byType: [String: any TFLiteOperatorReader.Type] = {
    var readers: [String: any TFLiteOperatorReader.Type] = [:]
    for reader in all { for type in reader.types { readers[type] = reader } }
    return readers
  }()
}
