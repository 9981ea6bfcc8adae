import CIntegers
import Execution

extension IntegerLinear: ByteKernel {
  func prepared(_ site: ByteSite) -> (any ByteCall)? {
    guard inputs * site.images <= Int32.max else { return nil }
    return LinearCall(self, site)
  }
}

/// A dense layer as a product whose rows are the images.
private struct LinearCall: ByteCall {
  private let site: ByteSite
  private let features: Int
  private let quads: Int
  private let rows: ConstantTable<Int32>
  private let offsets = ConstantTable<Int32>([0])
  private let weights: ConstantTable<Int8>
  private let rescaling: ByteRescaling

  var implementation: String { "\(site.instructions)" }

  init(_ kernel: IntegerLinear, _ site: ByteSite) {
    self.site = site
    features = kernel.outputs
    quads = (kernel.inputs + 3) / 4
    rows = ConstantTable((0..<site.images).map { Int32($0 * kernel.inputs) })
    let values = kernel.products.weights.values
    weights = PackedWeights.panels(channels: 0..<kernel.outputs, segments: 1, length: kernel.inputs) {
      values[$0 * kernel.inputs + $2]
    }
    rescaling = ByteRescaling(kernel.products, channels: 0..<kernel.outputs)
  }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    var rows = unsafe condense_rows(
      rows: self.rows.pointer, row_count: Int64(images), offsets: offsets.pointer, segments: 1,
      quads: Int64(quads))
    var constants = unsafe rescaling.constants
    unsafe condense_integer_product(
      site.instructions.rawValue, memory + site.inputs[0].offset, &rows, weights.pointer, Int64(features),
      &constants, memory + site.output.offset, Int64(features))
  }
}
