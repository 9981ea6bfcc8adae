import Graphs
import Settings
import Tensors

/// The projection of a value as its own step, which plans insert for a value with an encoding.
///
/// **Formula**: `y = project(x)`, element by element.
///
/// **Gradient**: `dy` where x lies in the encoding's range, else 0 (Bengio et al., 2013, arXiv:1308.3432).
struct Projection: Op {
  static let kind = "projection"
  static var settings: [Setting<Projection>] { [] }
  static var examples: [OpExample<Projection>] { [] }

  /// The encoding onto whose numbers values are projected; `nil` leaves them as they are.
  let encoding: (any ValueEncoding)?

  init() { encoding = nil }

  init(onto encoding: any ValueEncoding) { self.encoding = encoding }

  func outputShape(_ inputs: [Shape]) throws(ShapeError) -> Shape {
    guard inputs.count == 1 else {
      throw .wrongInputCount(op: kind, expected: "one input", found: inputs.count)
    }
    return inputs[0]
  }

  func channels(_ inputs: [Shape]) -> ChannelRule { .following }

  func forward(_ frame: inout KernelFrame) {
    guard let encoding else { return frame.output.values = frame.inputs[0].values }
    let values = frame.inputs[0].values
    var projected = values
    var span = projected.mutableSpan
    encoding.project(values.span, into: &span)
    frame.output.values = projected
  }

  func backward(_ frame: inout GradientFrame) {
    let range = encoding?.range ?? -Float.infinity...Float.infinity
    frame.inputGradients[0].values = zip(frame.inputs[0].values, frame.outputGradient.values).map { x, dy in
      range.contains(x) ? dy : 0
    }
  }
}
