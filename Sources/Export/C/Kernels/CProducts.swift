import Execution
import Graphs
import Tensors

/// An integer kernel with weights, whose storage in flash is a setting of the exporter.
protocol CWeighted: IntegerKernel {
  /// The weights, biases and ratios.
  var products: IntegerProducts { get }
  /// A few words for the comment above the step.
  var title: String { get }
  /// The same as `CKernel.orders`.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder)
  /// The same as `CKernel.scratch`, for a storage.
  func scratch(_ storage: CStorage) -> ClosedRange<Int>
  /// The same as `CKernel.code`, for a storage.
  func code(_ site: CSite, _ storage: CStorage) -> CCode
}

/// A kernel with weights and their storage.
struct CProducts: CKernel {
  let kernel: any CWeighted
  let storage: CStorage

  var title: String { kernel.title }
  var multiplyAdds: Int { kernel.multiplyAdds }
  var placement: OutputPlacement { kernel.placement }
  var scratch: ClosedRange<Int> { kernel.scratch(storage) }

  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder) {
    kernel.orders(inputs, shapes: shapes, output: output)
  }

  func code(_ site: CSite) -> CCode { kernel.code(site, storage) }
}
