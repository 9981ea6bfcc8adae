public import Settings

/// All methods that a recipe may name.
public enum MethodCatalogue: Catalogue {
  /// The methods, family by family, in the order of the documentation.
  public static let all: [any CompressionMethod.Type] = [
    DepthwiseSeparable.self, FireModules.self, BottleneckBlocks.self, InvertedResiduals.self,
    GroupedShuffle.self,
    AsymmetricFilters.self, PointwiseSubstitution.self, GhostModules.self,
    ScaledWidth.self, ScaledDepth.self, ScaledResolution.self, LateDownsampling.self,
    SVDLinear.self, ActivationSVD.self, TensorTrain.self,
    SpatialSVD.self, ChannelSVD.self, Tucker2.self, CanonicalConvolution.self,
    WeightPruning.self, MagnitudePruning.self, RandomPruning.self, ChannelPruning.self, NetworkSlimming.self,
    PathPruning.self, DeadNeurons.self, ChannelGates.self,
    DynamicSurgery.self, MovementPruning.self, KarninPruning.self, ADMMPruning.self,
    SparseVariationalDropout.self, SoftFilterPruning.self, GrowingRegularization.self, Rewind.self,
    DropoutAdaptation.self,
    CrossLayerEqualization.self, PostTrainingQuantization.self, AdaptiveRounding.self,
    QuantizationAwareTraining.self, PowersOfTwoWeights.self, BinaryWeights.self, TernaryWeights.self,
    DoReFa.self,
    WeightClustering.self,
    EntropyConstrained.self, ProductQuantization.self, HashedWeights.self,
    StoredExamples.self,
  ]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The method as a compression method; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any CompressionMethod)? {
    kind as? any CompressionMethod
  }
}
