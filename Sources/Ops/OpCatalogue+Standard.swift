public import Graphs

extension OpCatalogue {
  /// Every op that a network may have.
  public static let standard = OpCatalogue([
    Conv2D.self, Linear.self, Prototypes.self, BatchNorm.self, GroupNorm.self,
    ReLU.self, ReLU6.self, HardSwish.self, HardSigmoid.self, LeakyReLU.self, Clamp.self, ELU.self, GELU.self,
    Sigmoid.self, Tanh.self, Softmax.self,
    Add.self, Multiply.self, ChannelGate.self, Concat.self, TreeSum.self,
    MaxPool.self, AveragePool.self, GlobalAveragePool.self,
    Flatten.self, Reshape.self, ChannelShuffle.self, ChannelSlice.self, Dropout.self, Upsample.self,
    AnchorRows.self,
  ])
}
