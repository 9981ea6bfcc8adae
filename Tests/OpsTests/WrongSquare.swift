import Graphs
import Ops
import Settings
import Tensors

/// An op with a gradient that lacks its factor two and a cost that counts too much; the laws must find both.
struct WrongSquare: Activation {
  static let kind = "wrong-square"

  static var settings: [Setting<WrongSquare>] { [] }
  static var examples: [OpExample<WrongSquare>] { [OpExample(WrongSquare(), [2, 3])] }

  func value(_ x: Float) -> Float { x * x }
  func derivative(at x: Float, output y: Float) -> Float { x }
  func cost(_ inputs: [Shape], output: Shape) -> OpCost {
    OpCost(multiplyAdds: output.count, inputs: inputs, output: output)
  }
}
