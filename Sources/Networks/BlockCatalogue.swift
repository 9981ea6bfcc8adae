/// The blocks that specs may name.
public enum BlockCatalogue {
  /// The blocks, in the order of documentation.
  public static let types: [any Block.Type] = [
    ConvNorm.self,
    Residual.self,
    PreActivationResidual.self,
    Separable.self,
    Fire.self,
    Stage.self,
    Classifier.self,
  ]
}
