/// The blocks that specs may name.
///
/// It is no `Catalogue`: a layer's name may be a block's or an op's, and both are looked up together.
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
    Tree.self,
    Detector.self,
  ]
}
