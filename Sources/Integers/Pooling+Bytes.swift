import CIntegers
import Execution
import Ops
import Tensors

/// A pooling's window as C reads it.
private func slidingWindow(
  _ input: Shape, _ output: Shape, _ kernel: Extent, _ stride: Extent, _ padding: Extent
)
  -> condense_window
{
  condense_window(
    height: Int64(input[1]), width: Int64(input[2]), channels: Int64(input[0]),
    output_height: Int64(output[1]), output_width: Int64(output[2]), kernel_height: Int64(kernel.height),
    kernel_width: Int64(kernel.width), stride_height: Int64(stride.height), stride_width: Int64(stride.width),
    padding_height: Int64(padding.height), padding_width: Int64(padding.width))
}

extension IntegerMaxPool: ByteKernel {
  func prepared(_ site: ByteSite) -> (any ByteCall)? {
    MaxPoolCall(site: site, window: slidingWindow(input, output, kernel, stride, padding))
  }
}

private struct MaxPoolCall: ByteCall {
  let site: ByteSite
  let window: condense_window

  var implementation: String { "native" }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    var window = window
    let (input, output) = (site.inputs[0], site.output)
    for image in 0..<images {
      unsafe condense_integer_max_pool(
        memory + input.offset + image * input.layout.count, &window,
        memory + output.offset + image * output.layout.count)
    }
  }
}

extension IntegerAveragePool: ByteKernel {
  func prepared(_ site: ByteSite) -> (any ByteCall)? {
    AveragePoolCall(self, site, slidingWindow(input, output, kernel, stride, padding))
  }

  /// The bytes of one 32-bit sum for each channel.
  func scratchBytes(images: Int) -> Int { input[0] * MemoryLayout<Int32>.stride }
}

private struct AveragePoolCall: ByteCall {
  private let site: ByteSite
  private let window: condense_window
  private let inputZero: Int32
  private let multipliers: ConstantTable<Int32>
  private let shifts: ConstantTable<Int32>
  private let outputZero: Int32
  private let bounds: ClosedRange<Int32>

  var implementation: String { "native" }

  init(_ kernel: IntegerAveragePool, _ site: ByteSite, _ window: condense_window) {
    self.site = site
    self.window = window
    inputZero = kernel.inputZero + 128
    outputZero = kernel.outputZero + 128
    bounds = kernel.bounds.lowerBound + 128...kernel.bounds.upperBound + 128
    let pixels = kernel.output[1] * kernel.output[2]
    let rescales = (0..<pixels).map { pixel in
      let count = kernel.count(row: pixel / kernel.output[2], column: pixel % kernel.output[2])
      return kernel.rescales[count] ?? Rescale(0)
    }
    multipliers = ConstantTable(rescales.map(\.multiplier))
    shifts = ConstantTable(rescales.map(\.shift))
  }

  func run(images: Int, memory: UnsafeMutablePointer<UInt8>) {
    var window = window
    let (input, output) = (site.inputs[0], site.output)
    unsafe (memory + site.scratch).withMemoryRebound(to: Int32.self, capacity: input.layout.channels) {
      sums in
      for image in 0..<images {
        unsafe condense_integer_average_pool(
          memory + input.offset + image * input.layout.count, &window, inputZero, multipliers.pointer,
          shifts.pointer, outputZero, bounds.lowerBound, bounds.upperBound, sums,
          memory + output.offset + image * output.layout.count)
      }
    }
  }
}
