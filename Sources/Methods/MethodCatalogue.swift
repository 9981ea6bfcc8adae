/// Every method that a recipe may name.
public enum MethodCatalogue {
  /// The method types, family by family, in the order of documentation.
  public static let types: [any CompressionMethod.Type] = [
    DepthwiseSeparable.self, FireModules.self, ScaledWidth.self,
    SVDLinear.self, SpatialSVD.self, Tucker2.self,
    WeightPruning.self, MagnitudePruning.self, RandomPruning.self, ChannelPruning.self, NetworkSlimming.self,
    DeadNeurons.self,
    PostTrainingQuantization.self, QuantizationAwareTraining.self, WeightClustering.self,
  ]

  /// The names, in the order of documentation.
  public static var names: [String] { types.map { $0.name } }

  /// The method of a name.
  public static func type(named name: String) -> (any CompressionMethod.Type)? {
    types.first { $0.name == name }
  }
}
