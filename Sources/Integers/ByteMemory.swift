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
    let schedule = Schedule(
      bytes: layouts.map { Self.rounded($0.count * images) },
      steps: program.steps.map { Schedule.Step($0.inputs, $0.output) }, inputs: program.inputs,
      kept: kept.sorted())
    let plan = schedule.placed(alignment: Self.slack)
    let needed = program.steps.map { step in
      (step.kernel as? any ByteKernel)?.scratchBytes(images: images) ?? 0
    }
    offsets = plan.offsets
    scratch = plan.byteCount
    total = plan.byteCount + Self.rounded(needed.max() ?? 0)
  }

  private static func rounded(_ bytes: Int) -> Int { (bytes + slack - 1) / slack * slack + slack }
}
