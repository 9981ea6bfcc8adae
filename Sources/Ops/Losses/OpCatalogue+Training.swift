public import Graphs

extension OpCatalogue {
  /// Every op that the graph of a training may have.
  ///
  /// These are the ops of networks while they train, and the ops of objectives, which no file holds.
  public static let training = OpCatalogue(
    trained.types + [
      SoftmaxCrossEntropy.self, KullbackLeibler.self, MeanSquaredError.self, AttentionMap.self,
      StandardScore.self, DecoupledDivergence.self, CentredSquaredError.self, PredictionCorrelation.self,
      PearsonDistance.self, PairwiseSimilarity.self, PairwiseKernel.self, PairwiseDistance.self,
      TripletAngle.self, PairwiseProbability.self, NeuronSelectivity.self, ActivationBoundary.self,
      FlowMatrix.self, ChannelConstants.self, GaussianLikelihood.self, PyramidError.self,
      ContrastiveEntropy.self, NoiseContrast.self, StopGradient.self, AnchorClassLoss.self,
      AnchorBoxLoss.self,
      AnchorDivergence.self,
    ])
}
