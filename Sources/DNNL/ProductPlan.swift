import CDNNL
import Execution
import Tensors

/// The kernels and layouts that a convolution or an inner product chose in one element type.
struct ProductPlan {
  let forward: Descriptor
  let source: Layout
  let weights: Layout
  let destination: Layout
  /// The kernel of the gradient by weights, and the layout that it writes; `nil` in inference.
  var backwardWeights: (kernel: Descriptor, gradient: Layout)?
  /// The kernel of the gradient by the input, and the layout of weights that it reads; `nil` if not needed.
  var backwardData: (kernel: Descriptor, weights: Layout)?

  /// True if any call would run oneDNN's slow reference kernel.
  var usesReference: Bool {
    forward.isReference || backwardWeights?.kernel.isReference == true
      || backwardData?.kernel.isReference == true
  }
}

extension Layout {
  /// The layout that a primitive chose for an argument that it must have.
  static func chosen(
    _ descriptor: Descriptor, _ what: dnnl_query_t, _ dimensions: [Int], _ type: ElementType
  ) throws(ExecutionError) -> Layout {
    guard let layout = try query(descriptor, what, dimensions, type) else {
      throw .library(call: "dnnl_primitive_desc_query_md", node: descriptor.implementation, status: 0)
    }
    return layout
  }
}
