public import Graphs
public import Tensors

/// An op that maps every element by itself: `y = f(x)`.
///
/// Conforming types give `f` and its derivative.
public protocol Activation: Op {
  /// `f(x)`.
  func value(_ x: Float) -> Float
  /// `f'(x)`, where `y = f(x)` is known.
  func derivative(at x: Float, output y: Float) -> Float
}

extension Activation {
  /// The input's shape.
  public func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape { try requireChannels(inputs) }
  /// Output channel c comes from channel c of the input.
  public func channels(_ inputs: [Shape]) -> ChannelRule { .following }
  /// The output may lie over the input in memory.
  public var placement: OutputPlacement { .inPlace }

  /// Maps every element.
  public func forward(_ frame: inout KernelFrame) { frame.output.values = frame.inputs[0].values.map(value) }

  /// Scales every element's gradient by the derivative.
  public func backward(_ frame: inout GradientFrame) {
    let x = frame.inputs[0].values
    let y = frame.output.values
    var gradient = frame.outputGradient.values
    for i in gradient.indices { gradient[i] *= derivative(at: x[i], output: y[i]) }
    frame.inputGradients[0].values = gradient
  }
}
