public import Graphs

/// The order of steps and the life of each piece of memory.
///
/// It is the one analysis of liveness, for plans, exporters and estimates.
///
///     let schedule = Schedule(bytes: [256, 1024, 10], steps: [.init([0], 1), .init([1], 2)], inputs: [0], kept: [2])
///     schedule.peakBytes                    // 1280: no arena is smaller
///     schedule.placed(alignment: 4).byteCount
///
/// A value **lives** from the first step that touches it to the last; an input from the beginning, a kept
/// value to the end. A step that moves nothing is left out, and its output is its first input's memory. A
/// step that works in place takes over the memory of the first input of equal size that no later step reads.
public struct Schedule: Sendable {
  /// A kernel or call that runs, with the values that it touches as positions.
  public struct Step: Sendable {
    /// The values that it reads.
    public var inputs: [Int]
    /// The value that it makes; `nil` for a call that only touches memory.
    public var output: Int?
    /// The place where the output may lie in memory.
    public var placement: OutputPlacement
    /// The bytes of working memory: the least that suffices, and the most that is of use.
    public var scratch: ClosedRange<Int>

    /// Makes a step.
    public init(
      _ inputs: [Int], _ output: Int? = nil, placement: OutputPlacement = .apart,
      scratch: ClosedRange<Int> = 0...0
    ) {
      self.inputs = inputs
      self.output = output
      self.placement = placement
      self.scratch = scratch
    }
  }

  /// The positions, among the given steps, of those that run, in order; steps that move nothing are left out.
  public private(set) var order: [Int] = []
  /// The steps that run.
  public private(set) var steps: [Step] = []
  /// The pieces of memory, whose lives count the steps that run.
  public private(set) var buffers: [Arena.Buffer] = []
  /// The piece of memory of each value; `nil` for values that no step touches.
  public private(set) var owners: [Int?] = []

  /// Follows values of so many bytes through steps.
  ///
  /// Inputs exist before the first step, and kept values after the last.
  public init(bytes: [Int], steps all: [Step], inputs: [Int], kept: [Int]) {
    // First, values that are the same memory by definition.
    var same = Array(bytes.indices)
    for (position, step) in all.enumerated() {
      if step.placement == .unmoved, let output = step.output, let input = step.inputs.first {
        same[output] = same[input]
      } else {
        order.append(position)
        steps.append(step)
      }
    }
    var ends = Array(repeating: 0, count: bytes.count)
    for (index, step) in steps.enumerated() {
      for value in step.inputs { ends[same[value]] = index }
      if let output = step.output { ends[same[output]] = max(ends[same[output]], index) }
    }
    for value in kept { ends[same[value]] = max(steps.count - 1, 0) }

    // Then, outputs that take over the memory of an input; kept values leave none.
    let isKept = Set(kept.map { same[$0] })
    var owner: [Int?] = Array(repeating: nil, count: bytes.count)
    var pieces: [(count: Int, start: Int, end: Int)] = []
    func open(_ value: Int, at start: Int) {
      guard owner[value] == nil else { return }
      owner[value] = pieces.count
      pieces.append((bytes[value], start, ends[value]))
    }
    for input in inputs { open(same[input], at: 0) }
    for (index, step) in steps.enumerated() {
      for input in step.inputs { open(same[input], at: index) }
      guard let value = step.output else { continue }
      let output = same[value]
      let leavers = step.inputs.lazy.map { same[$0] }.filter { !isKept.contains($0) }
      let heir = leavers.compactMap { owner[$0] }.first {
        step.placement == .inPlace && pieces[$0].end == index && pieces[$0].count == bytes[value]
      }
      if let heir, owner[output] == nil {
        owner[output] = heir
        pieces[heir].end = max(ends[output], index)
      } else {
        open(output, at: index)
      }
    }
    buffers = pieces.map { Arena.Buffer(byteCount: $0.count, life: $0.start...max($0.start, $0.end)) }
    owners = same.map { owner[$0] }
  }

  /// The most bytes of values that live at the same time, without working memory.
  public var peakBytes: Int { Arena.lowerBound(buffers) }
}
