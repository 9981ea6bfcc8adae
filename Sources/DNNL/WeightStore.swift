import CDNNL
import Execution
import Graphs
import Synchronization
import Tensors

/// The masters, gradients, moments, averages and running statistics of one network, shared by all of its
/// plans.
///
/// Weights, gradients, moments and averages lie at equal offsets of arenas of one size. Decaying parameters
/// come first, then the others, then frozen ones; each starts on a cache line, and is padded with zeros as
/// its layout demands. An update is then one loop over two ranges. Running statistics have their own arenas.
final class WeightStore {
  /// One parameter, with its layout and its place.
  struct Entry {
    let slot: ParameterSlot
    let layout: Layout
    /// The floats before it in its arena.
    let offset: Int
    /// The number of floats, padding included.
    let count: Int
  }

  private(set) var entries: [String: Entry] = [:]
  /// The names in the order in which plans met them.
  private(set) var order: [String] = []
  /// The start of each in its arena, and its number of floats, padding included.
  private var extents: [(offset: Int, count: Int)] = []
  let weights: AlignedBuffer
  let gradients: AlignedBuffer
  let statistics: AlignedBuffer
  private(set) var firstMoments: AlignedBuffer?
  private(set) var secondMoments: AlignedBuffer?
  private(set) var averages: AlignedBuffer?
  private var keptGradients: AlignedBuffer?
  private(set) var averageStatistics: AlignedBuffer?
  /// The number of floats of decaying parameters, the first part of the arenas.
  let decayingCount: Int
  /// The number of floats that updates change, the first part of the arenas.
  let updatedCount: Int
  /// The number of floats of all trainable parameters.
  let trainableCount: Int
  /// The number of changes of weights or statistics, by which copies know that they are stale.
  var version = 1
  /// The number of backward passes that are summed since the last update.
  var pendingBackwards = 0
  let device: Device
  /// False if a part of the last update wrote a weight that is not finite; every thread may set it.
  let updatedFinitely = Atomic(true)
  /// The present update, and the loop that runs it over the team.
  var pendingUpdate: PendingUpdate?
  private(set) lazy var updateLoop = TeamLoop { [unowned self] chunk in update(chunk) }

  /// Places parameters by the layouts that kernels chose for their gradients, and frozen ones last.
  init(
    _ parameters: [(name: String, slot: ParameterSlot, layout: Layout)], _ device: Device,
    frozen: Set<String> = []
  ) {
    self.device = device
    func end(
      _ start: Int, _ entries: inout [String: Entry], _ choose: (ParameterSlot, _ isFrozen: Bool) -> Bool
    ) -> Int {
      var offset = start
      for (name, slot, layout) in parameters where choose(slot, frozen.contains(name)) {
        let line = AlignedBuffer.alignment / 4
        let count = (layout.elementCount + line - 1) / line * line
        entries[name] = Entry(slot: slot, layout: layout, offset: offset, count: count)
        offset += count
      }
      return offset
    }
    var entries: [String: Entry] = [:]
    decayingCount = end(0, &entries) { $0.isTrainable && $0.decays && !$1 }
    updatedCount = end(decayingCount, &entries) { $0.isTrainable && !$0.decays && !$1 }
    trainableCount = end(updatedCount, &entries) { $0.isTrainable && $1 }
    let statisticsCount = end(0, &entries) { slot, _ in !slot.isTrainable }
    self.entries = entries
    order = parameters.map(\.name)
    extents = order.map { (entries[$0]?.offset ?? 0, entries[$0]?.count ?? 0) }
    weights = AlignedBuffer(floats: trainableCount)
    gradients = AlignedBuffer(floats: trainableCount)
    statistics = AlignedBuffer(floats: statisticsCount)
  }

  /// The part of an arena that belongs to a parameter.
  func region(_ name: String, in arena: AlignedBuffer) throws(ExecutionError) -> Region {
    guard let entry = entries[name] else { throw .missingParameter(name) }
    return unsafe Region(byteCount: entry.count * 4, at: arena.baseAddress + entry.offset * 4)
  }

  /// The weight or running statistic as kernels see it.
  func master(_ name: String) throws(ExecutionError) -> Operand {
    guard let entry = entries[name] else { throw .missingParameter(name) }
    return Operand(
      region: try region(name, in: entry.slot.isTrainable ? weights : statistics), layout: entry.layout)
  }

  /// The gradient of a trainable parameter.
  func gradient(_ name: String) throws(ExecutionError) -> Operand {
    guard let entry = entries[name] else { throw .missingParameter(name) }
    return Operand(region: try region(name, in: gradients), layout: entry.layout)
  }

  /// Lends a trainable parameter's part of the weights and of the gradients.
  func withParameter<R>(
    _ index: Int, _ body: (Span<Float>, inout MutableSpan<Float>) throws -> R
  ) rethrows -> R {
    let (offset, count) = extents[index]
    var gradient = unsafe gradients.mutableFloats(offset, count).mutableSpan
    let values = unsafe Span(_unsafeElements: weights.mutableFloats(offset, count))
    return try body(values, &gradient)
  }

  /// Lends the gradients of the parameters that updates change.
  func withUpdatedGradients<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    var gradients = unsafe gradients.mutableFloats(0, updatedCount).mutableSpan
    return try body(&gradients)
  }

  /// Lends the running statistics.
  func withStatistics<R>(_ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    var statistics = unsafe statistics.mutableFloats(0, statistics.byteCount / 4).mutableSpan
    return try body(&statistics)
  }

  /// Allocates the moments and averages that an update needs.
  func prepare(moments: Int, averaging: Bool) {
    if moments > 0, firstMoments == nil { firstMoments = AlignedBuffer(floats: trainableCount) }
    if moments > 1, secondMoments == nil { secondMoments = AlignedBuffer(floats: trainableCount) }
    guard averaging, averages == nil else { return }
    averages = Self.copy(weights)
    averageStatistics = Self.copy(statistics)
  }

  /// Copies the sum of gradients so far, so that a backward pass can write its own.
  func keepGradients() {
    let kept = keptGradients ?? AlignedBuffer(byteCount: gradients.byteCount)
    keptGradients = kept
    unsafe kept.baseAddress.copyMemory(from: gradients.baseAddress, byteCount: gradients.byteCount)
  }

  /// Adds the kept sum to the gradients of the last backward pass.
  func addKeptGradients(_ threads: Int) {
    guard let keptGradients else { return }
    unsafe condense_accumulate(
      gradients.baseAddress.assumingMemoryBound(to: Float.self),
      keptGradients.baseAddress.assumingMemoryBound(to: Float.self), Int64(trainableCount), Int32(threads))
  }

  private static func copy(_ buffer: AlignedBuffer) -> AlignedBuffer {
    let copy = AlignedBuffer(byteCount: buffer.byteCount)
    unsafe copy.baseAddress.copyMemory(from: buffer.baseAddress, byteCount: buffer.byteCount)
    return copy
  }
}
