import Execution
import Tensors

/// A piece of memory that calls read and write: placed once the whole plan is known.
@safe final class Region {
  /// Where a region lives.
  enum Kind {
    /// Shares memory with regions that are not alive at the same time.
    case transient
    /// Has memory of its own, zeroed, for as long as the plan lives.
    case persistent
    /// Belongs to somebody else: the weight store.
    case foreign
  }

  let byteCount: Int
  private(set) var kind: Kind
  /// The first byte; set when the plan is placed.
  private(set) var address: UnsafeMutableRawPointer?

  init(byteCount: Int, _ kind: Kind) {
    self.byteCount =
      (byteCount + AlignedBuffer.alignment - 1) / AlignedBuffer.alignment * AlignedBuffer.alignment
    self.kind = kind
    unsafe address = nil
  }

  /// Somebody else's memory.
  init(byteCount: Int, at address: UnsafeMutableRawPointer) {
    self.byteCount = byteCount
    kind = .foreign
    unsafe self.address = unsafe address
  }

  /// Gives the region its memory.
  func place(at address: UnsafeMutableRawPointer) { unsafe self.address = unsafe address }

  /// Gives the region memory of its own instead of shared memory.
  func persist() { if kind == .transient { kind = .persistent } }
}

/// A tensor as a call sees it: where it is and how it lies there.
struct Operand {
  let region: Region
  let layout: Layout
}
