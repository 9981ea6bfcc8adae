import Execution
import Graphs
import Tensors

/// An integer kernel with weights, which lie in flash as a setting of the exporter says.
protocol CWeighted: IntegerKernel {
  /// Weights, biases and ratios.
  var products: IntegerProducts { get }
  /// A few words for the comment over the step.
  var title: String { get }
  /// As `CKernel.orders`.
  func orders(_ inputs: [COrder], shapes: [Shape], output: Shape) -> (inputs: [COrder], output: COrder)
  /// As `CKernel.scratch`.
  func scratch(_ storage: CStorage) -> ClosedRange<Int>
  /// As `CKernel.code`.
  func code(_ site: CSite, _ storage: CStorage) -> CCode
}

/// A kernel with weights and the setting.
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
