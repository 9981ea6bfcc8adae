public import Graphs

extension OpCatalogue {
  /// Every op that the graph of a training may have: those of networks, and losses, which no file of a network holds.
  public static let training = OpCatalogue(
    standard.types + [
      SoftmaxCrossEntropy.self, KullbackLeibler.self, MeanSquaredError.self, AttentionMap.self,
    ])
}
