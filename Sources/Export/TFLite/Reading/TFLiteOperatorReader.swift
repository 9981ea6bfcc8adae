/// Reads operators of some kinds: a file a family, and a line in `TFLiteReaderCatalogue`.
protocol TFLiteOperatorReader: Sendable {
  /// The operators.
  static var types: [String] { get }
  /// Appends the nodes that mean what an operator does, or says why there are none.
  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal)
}

/// The operators that are imported. No `Catalogue`: a reader has several names, and no settings.
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
