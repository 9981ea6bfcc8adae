import CIntegers
import Execution
import Ops
import Tensors

extension IntegerConvolution: ByteKernel {
  func prepared(_ site: ByteSite) -> (any ByteCall)? {
    let geometry = ConvolutionGeometry(self)
    guard geometry.isSensible, geometry.imageBytes * site.images <= Int32.max else { return nil }
    return ConvolutionCall(self, geometry, site)
  }

  /// The bytes of the images with their borders.
  func scratchBytes(images: Int) -> Int {
    let geometry = ConvolutionGeometry(self)
    return geometry.needsBorder && geometry.isSensible ? geometry.imageBytes * images : 0
  }
}

/// A convolution as a product whose rows are windows, which are read where they lie.
private struct ConvolutionCall: ByteCall {
  /// The filters that read the same channels.
  private struct Group {
    /// The first input channel and the first filter.
    let input: Int
    let output: Int
    let weights: ConstantTable<Int8>
    let rescaling: ByteRescaling
  }

  private let site: ByteSite
  private let geometry: ConvolutionGeometry
  private let fill: UInt8
  private let rows: ConstantTable<Int32>
  private let offsets: ConstantTable<Int32>
  private let groups: [Group]

  var implementation: String { geometry.isDepthwise ? "depthwise" : "\(site.instructions)" }

  init(_ kernel: IntegerConvolution, _ geometry: ConvolutionGeometry, _ site: ByteSite) {
    self.site = site
    self.geometry = geometry
    fill = UInt8(truncatingIfNeeded: kernel.products.inputZero + 128)
    rows = ConstantTable(geometry.rows(images: geometry.imagesPerProduct(site.images)))
    offsets = ConstantTable(geometry.offsets)
    let values = kernel.products.weights.values
    if geometry.isDepthwise {
      let weights = PackedWeights.depthwise(
        channels: geometry.op.filters, segments: geometry.op.kernel.count, weights: values)
      let rescaling = ByteRescaling(kernel.products, channels: 0..<geometry.op.filters)
      groups = [Group(input: 0, output: 0, weights: weights, rescaling: rescaling)]
    } else {
      groups = (0..<geometry.op.groups).map { group in
        let filters = group * geometry.filtersInGroup..<(group + 1) * geometry.filtersInGroup
        let weights = PackedWeights.panels(
          channels: filters, segments: geometry.segments, length: geometry.length
        ) { values[geometry.weightIndex($0, $1, $2)] }
        return Group(
          input: group * geometry.channelsInGroup, output: filters.lowerBound, weights: weights,
          rescaling: ByteRescaling(kernel.products, channels: filters))
      }
    }
  }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    var source = unsafe memory + site.inputs[0].offset
    if geometry.needsBorder {
      var frame = geometry.frame
      let copy = unsafe memory + site.scratch
      for image in 0..<images {
        unsafe condense_integer_pad(
          source + image * site.inputs[0].layout.count, &frame, fill, copy + image * geometry.imageBytes)
      }
      unsafe source = copy
    }
    let target = unsafe memory + site.output.offset
    let step = geometry.imagesPerProduct(images)
    for first in stride(from: 0, to: images, by: step) {
      unsafe multiply(
        images: step, source + first * geometry.imageBytes, target + first * site.output.layout.count)
    }
  }

  private func multiply(
    images: Int, _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>
  ) {
    var rows = unsafe condense_rows(
      rows: self.rows.pointer, row_count: Int64(images * site.output.layout.pixels),
      offsets: offsets.pointer,
      segments: Int64(geometry.isDepthwise ? geometry.op.kernel.count : geometry.segments),
      quads: Int64((geometry.length + 3) / 4))
    let stride = Int64(geometry.op.filters)
    for group in groups {
      var constants = unsafe group.rescaling.constants
      if geometry.isDepthwise {
        unsafe condense_integer_depthwise(
          source, &rows, group.weights.pointer, stride, &constants, target, stride)
      } else {
        unsafe condense_integer_product(
          site.instructions.rawValue, source + group.input, &rows, group.weights.pointer,
          Int64(geometry.filtersInGroup), &constants, target + group.output, stride)
      }
    }
  }
}
