import Execution
import Tensors

/// Where a block's values lie in a thread's memory: those that live at once lie apart, scratch behind all.
struct ByteMemory {
  /// Kernels read whole registers: so many bytes may be touched behind a value.
  private static let slack = AlignedBuffer.alignment

  /// By value, its first byte.
  let offsets: [Int]
  /// The first byte of scratch memory.
  let scratch: Int
  /// All bytes.
  let total: Int

  init(_ program: IntegerProgram, _ layouts: [ByteLayout], images: Int, kept: Set<Int>) {
    var lifetimes = Array(repeating: 0...0, count: layouts.count)
    for (position, step) in program.steps.enumerated() {
      lifetimes[step.output] = position...position
      for input in step.inputs { lifetimes[input] = lifetimes[input].lowerBound...position }
    }
    for value in kept { lifetimes[value] = lifetimes[value].lowerBound...program.steps.count }
    for input in program.inputs { lifetimes[input] = 0...lifetimes[input].upperBound }
    let plan = MemoryPlanner.offsets(
      zip(layouts, lifetimes).map { (Self.rounded($0.count * images), $1) })
    let needed = program.steps.map { step in
      (step.kernel as? any ByteKernel)?.scratchBytes(images: images) ?? 0
    }
    offsets = plan.offsets
    scratch = plan.total
    total = plan.total + Self.rounded(needed.max() ?? 0)
  }

  private static func rounded(_ bytes: Int) -> Int { (bytes + slack - 1) / slack * slack + slack }
}
