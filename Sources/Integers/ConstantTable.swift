import Tensors

/// Constants that kernels read, starting on a cache line, with a line of zeros behind them.
@safe final class ConstantTable<Element: BitwiseCopyable> {
  private let buffer: AlignedBuffer
  let pointer: UnsafePointer<Element>

  init(_ elements: [Element]) {
    let stride = MemoryLayout<Element>.stride
    buffer = AlignedBuffer(byteCount: elements.count * stride + AlignedBuffer.alignment)
    let start = unsafe buffer.baseAddress.bindMemory(
      to: Element.self, capacity: elements.count + AlignedBuffer.alignment / stride)
    unsafe elements.withUnsafeBufferPointer { source in
      guard let from = source.baseAddress else { return }
      unsafe start.update(from: from, count: source.count)
    }
    unsafe pointer = UnsafePointer(start)
  }
}
