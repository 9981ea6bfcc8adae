public import Graphs

extension EncodingCatalogue {
  /// Every encoding that a file may name.
  public static let standard = EncodingCatalogue(
    parameters: [
      Dense.self, Sparse.self, Integer.self, Codebook.self, ProductCodebook.self, Hashed.self,
      PowersOfTwo.self,
      Binary.self,
    ],
    values: [IntegerValue.self])
  /// Every encoding that a checkpoint may name: the standard ones, and those that act in training alone.
  public static let training = EncodingCatalogue(
    parameters: standard.parameters + [
      Spliced.self, Attracted.self, Traced.self, LogVariance.self, Frozen.self, LearnedSteps.self,
      TrainedTernary.self,
      TanhNormalized.self,
    ],
    values: standard.values)
}
