import Execution
import Graphs
import Tensors

extension IntegerReshape: CKernel {
  var title: String { "reshaping" }

  /// Nothing moves: the output lies as the input does.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    (inputs, inputs[0])
  }

  func code(_ site: CSite) -> CCode { CCode() }
}
