import CIntegers
import Execution
import Tensors

/// The memory and calls of a program: each thread takes its share of the batch, a block of images at a time.
@safe final class ByteBlocks {
  /// The bytes of a block's values, which stay in a core's second-level cache.
  private static let blockBytes = 256 << 10
  /// The most images of a block.
  private static let maximumImages = 32

  /// The images of the batch; set while a pass runs.
  var images: UnsafePointer<Float>?
  /// The number of shares into which the batch is divided.
  let parts: Int
  private let program: IntegerProgram
  private let batch: Int
  private let imagesPerPart: Int
  private let imagesPerBlock: Int
  private let offsets: [Int]
  private let layouts: [ByteLayout]
  private let calls: [any ByteCall]
  private let arenas: [AlignedBuffer]
  /// The start of each input among the floats of a batch.
  private let inputStarts: [Int]
  /// The values that are read, with their floats for the whole batch.
  private let read: [(value: Int, floats: AlignedBuffer)]

  init(
    _ program: IntegerProgram, batch: Int, threads: Int, read: [Int],
    _ instructions: IntegerBackend.Instructions
  ) {
    self.program = program
    self.batch = batch
    let layouts = program.values.map { ByteLayout($0.shape) }
    self.layouts = layouts
    imagesPerPart = (batch + max(threads, 1) - 1) / max(threads, 1)
    parts = (batch + imagesPerPart - 1) / imagesPerPart
    let largest = layouts.reduce(1) { max($0, $1.count) }
    imagesPerBlock = max(1, min(Self.maximumImages, Self.blockBytes / 4 / largest, imagesPerPart))
    let memory = ByteMemory(program, layouts, images: imagesPerBlock, kept: Set(read))
    offsets = memory.offsets
    calls = Self.calls(program, layouts, memory, imagesPerBlock, instructions)
    arenas = (0..<parts).map { _ in AlignedBuffer(byteCount: memory.total) }
    self.read = read.map { ($0, AlignedBuffer(floats: batch * layouts[$0].count)) }
    var start = 0
    var starts: [Int] = []
    for input in program.inputs {
      starts.append(start)
      start += batch * layouts[input].count
    }
    inputStarts = starts
    unsafe images = nil
  }

  private static func calls(
    _ program: IntegerProgram, _ layouts: [ByteLayout], _ memory: ByteMemory, _ images: Int,
    _ instructions: IntegerBackend.Instructions
  ) -> [any ByteCall] {
    program.steps.map { step in
      func value(_ index: Int) -> ByteSite.Value {
        ByteSite.Value(offset: memory.offsets[index], layout: layouts[index])
      }
      let site = ByteSite(
        inputs: step.inputs.map(value), output: value(step.output), scratch: memory.scratch, images: images,
        instructions: instructions)
      return (step.kernel as? any ByteKernel)?.prepared(site)
        ?? ReferenceCall(kernel: step.kernel, site: site)
    }
  }

  var kernels: [KernelDescription] {
    zip(program.steps, calls).map {
      KernelDescription(
        node: $0.node, pass: "forward", implementation: "\($1.implementation):\($0.kernel.kind)")
    }
  }

  /// Copies the floats of a value that is read, row-major with the batch first.
  func copy(_ value: Int, into target: inout MutableSpan<Float>) {
    for (index, floats) in read where index == value {
      let source = floats.floats
      let count = batch * layouts[value].count
      precondition(target.count >= count && source.count >= count, "\(target.count) elements for \(count)")
      for i in 0..<count { target[i] = source[i] }
    }
  }

  /// Runs a thread's share of the batch.
  func run(part: Int) {
    let end = min((part + 1) * imagesPerPart, batch)
    var first = part * imagesPerPart
    let memory = unsafe arenas[part].baseAddress.assumingMemoryBound(to: UInt8.self)
    while first < end {
      let count = min(imagesPerBlock, end - first)
      unsafe quantize(first..<first + count, memory)
      for call in calls { unsafe call.run(images: count, memory: memory) }
      unsafe dequantize(first..<first + count, memory)
      first += count
    }
  }

  private func quantize(_ range: Range<Int>, _ memory: UnsafeMutablePointer<UInt8>) {
    guard let images = unsafe images else { return }
    for (input, start) in zip(program.inputs, inputStarts) {
      let value = program.values[input]
      let layout = layouts[input]
      let lower = Float(value.bounds.lowerBound - value.zeroPoint)
      let upper = Float(value.bounds.upperBound - value.zeroPoint)
      for image in range {
        unsafe condense_integer_quantize(
          images + start + image * layout.count, Int64(layout.pixels), Int64(layout.channels), value.scale,
          lower,
          upper, value.zeroPoint + 128, memory + offsets[input] + (image - range.lowerBound) * layout.count)
      }
    }
  }

  private func dequantize(_ range: Range<Int>, _ memory: UnsafeMutablePointer<UInt8>) {
    for (index, floats) in read {
      let value = program.values[index]
      let layout = layouts[index]
      let target = unsafe floats.baseAddress.assumingMemoryBound(to: Float.self)
      for image in range {
        unsafe condense_integer_dequantize(
          memory + offsets[index] + (image - range.lowerBound) * layout.count, Int64(layout.pixels),
          Int64(layout.channels), value.scale, value.zeroPoint + 128, target + image * layout.count)
      }
    }
  }
}
