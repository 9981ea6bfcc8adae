public import Graphs

/// In what order steps run, and how long each piece of memory is needed: the one analysis of liveness, for plans, exporters and
/// estimates.
///
///     let schedule = Schedule(bytes: [256, 1024, 10], steps: [.init([0], 1), .init([1], 2)], inputs: [0], kept: [2])
///     schedule.peakBytes                    // 1280: no arena is smaller
///     schedule.placed(alignment: 4).byteCount
///
/// **Life** of a value: from the first step that touches it to the last; an input's from the beginning, a kept value's to the
/// end. What a step leaves unmoved is its first input's memory by another name, and the step is none. What works in place takes
/// over the memory of the first input of equal size that nothing reads later.
public struct Schedule: Sendable {
  /// A kernel or call that runs: what it touches, by the values' places.
  public struct Step: Sendable {
    /// What it reads.
    public var inputs: [Int]
    /// What it makes; `nil` for a call that only touches memory.
    public var output: Int?
    /// Where the output may lie over an input.
    public var placement: OutputPlacement
    /// Bytes of working memory beside values: the least that will do, and as much as is of use.
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

  /// The places of the steps that run, in their order; of the given ones those that move something.
  public private(set) var order: [Int] = []
  /// The steps that run.
  public private(set) var steps: [Step] = []
  /// The pieces of memory; lives count the steps that run.
  public private(set) var buffers: [Arena.Buffer] = []
  /// By value, its piece; `nil` for values that nothing touches.
  public private(set) var owners: [Int?] = []

  /// Follows values of so many bytes through steps; inputs are there before the first, kept values after the last.
  public init(bytes: [Int], steps all: [Step], inputs: [Int], kept: [Int]) {
    // First what is the same memory by definition.
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

    // Then what an input leaves to an output: what is kept leaves nothing.
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

  /// The most bytes of values that live at once, working memory apart.
  public var peakBytes: Int { Arena.lowerBound(buffers) }
}
