/// Reads nodes of some ONNX operators: one file for each reader, and one line in `ONNXReaderCatalogue`.
protocol ONNXNodeReader: Sendable {
  /// The operators, with their domain unless it is ONNX's.
  static var types: [String] { get }
  /// Appends the ops of a node to the network; throws if that is not supported.
  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal)
}

/// The ONNX operators that are imported.
///
/// It is no `Catalogue`: a reader has several names and no settings.
enum ONNXReaderCatalogue {
  static let all: [any ONNXNodeReader.Type] = [
    ConvReader.self, GemmReader.self, MatMulReader.self, NormReader.self, GroupNormReader.self,
    ActivationReader.self, ClipReader.self, PReluReader.self, HardSigmoidReader.self, SoftmaxReader.self,
    LogSoftmaxReader.self, SumReader.self, ProductReader.self, DifferenceReader.self, NegationReader.self,
    ConcatReader.self, SplitReader.self, ExpandReader.self,
    MaxPoolReader.self, AveragePoolReader.self, GlobalPoolReader.self, MeanReader.self,
    FlattenReader.self, ReshapeReader.self, SqueezeReader.self, TransposeReader.self, DepthToSpaceReader.self,
    PadReader.self,
    SliceReader.self, ResizeReader.self, PassingReader.self, DropoutReader.self, ConstantReader.self,
    ShapeReader.self, GatherReader.self, StridedReader.self, QuantizeReader.self, DequantizeReader.self,
    RegridReader.self, PrototypesReader.self, TreeSumReader.self,
  ]

  /// The reader of each operator.
  static let byType: [String: any ONNXNodeReader.Type] = {
    var readers: [String: any ONNXNodeReader.Type] = [:]
    for reader in all { for type in reader.types { readers[type] = reader } }
    return readers
  }()
}
