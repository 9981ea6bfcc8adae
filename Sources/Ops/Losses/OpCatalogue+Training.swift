public import Graphs

extension OpCatalogue {
  /// Every op that the graph of a training may have: those of networks while they train, and losses, which no file holds.
  public static let training = OpCatalogue(
    trained.types + [
      SoftmaxCrossEntropy.self, KullbackLeibler.self, MeanSquaredError.self, AttentionMap.self,
    ])
}
