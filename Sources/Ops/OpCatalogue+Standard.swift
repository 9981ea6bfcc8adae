public import Graphs

extension OpCatalogue {
  /// Every op of this module.
  public static let standard = OpCatalogue([
    Conv2D.self, Linear.self, BatchNorm.self,
    ReLU.self,
    Add.self,
    MaxPool.self, GlobalAveragePool.self,
    Flatten.self,
  ])
}
