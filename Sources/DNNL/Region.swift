import Execution
import Tensors

/// A piece of memory that calls read and write; it gets its address when the whole plan is known.
@safe final class Region {
  /// The owner and the life of a region's memory.
  enum Kind {
    /// It shares memory with regions that are not alive at the same time.
    case transient
    /// It has its own memory, zeroed at first, as long as the plan lives.
    case persistent
    /// It belongs to another owner, such as the weight store.
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

  /// Makes a region of memory with another owner.
  init(byteCount: Int, at address: UnsafeMutableRawPointer) {
    self.byteCount = byteCount
    kind = .foreign
    unsafe self.address = unsafe address
  }

  /// Gives the region its memory.
  func place(at address: UnsafeMutableRawPointer) { unsafe self.address = unsafe address }

  /// Gives the region its own memory in place of shared memory.
  func persist() { if kind == .transient { kind = .persistent } }
}

/// A tensor as a call sees it: its memory and its layout.
struct Operand {
  let region: Region
  let layout: Layout
}
