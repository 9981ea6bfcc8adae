import Execution
import Tensors

/// The places of a block's values in a thread's memory.
///
/// Values that live at the same time lie apart; working memory lies after all of them.
struct ByteMemory {
  /// The bytes behind a value that kernels may touch, as they read whole registers.
  private static let slack = AlignedBuffer.alignment

  /// The first byte of each value.
  let offsets: [Int]
  /// The first byte of the working memory.
  let scratch: Int
  /// The number of bytes.
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
