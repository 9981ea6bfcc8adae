import CDNNL
import Execution
import Tensors

/// The tensors that a convolution or an inner product picked layouts for, in one arithmetic.
struct ProductPlan {
  let forward: Descriptor
  let source: Layout
  let weights: Layout
  let destination: Layout
  /// Gradient by weights: the kernel and the layout that it writes; `nil` in inference.
  var backwardWeights: (kernel: Descriptor, gradient: Layout)?
  /// Gradient by the input: the kernel and the layout of weights that it reads; `nil` when nobody asks.
  var backwardData: (kernel: Descriptor, weights: Layout)?

  /// Whether any call would run oneDNN's slow reference kernel.
  var usesReference: Bool {
    forward.isReference || backwardWeights?.kernel.isReference == true
      || backwardData?.kernel.isReference == true
  }
}

extension Layout {
  /// The layout of an argument that the primitive must have.
  static func chosen(
    _ descriptor: Descriptor, _ what: dnnl_query_t, _ dimensions: [Int], _ type: ElementType
  ) throws(ExecutionError) -> Layout {
    guard let layout = try query(descriptor, what, dimensions, type) else {
      throw .library(call: "dnnl_primitive_desc_query_md", node: descriptor.implementation, status: 0)
    }
    return layout
  }
}
