import CDNNL
import Execution
import Tensors

/// The type of a tensor's elements in memory.
enum ElementType: Hashable {
  case f32, bf16

  /// The bytes of an element.
  var byteCount: Int { self == .f32 ? 4 : 2 }
  var native: condense_type { self == .f32 ? CONDENSE_F32 : CONDENSE_BF16 }
}

/// The layout of a tensor in memory: a oneDNN memory descriptor that this object owns.
///
/// Invariant: `handle` is valid from `init` to `deinit` and never changes.
@safe final class Layout {
  let handle: OpaquePointer
  /// The extents without padding.
  let dimensions: [Int]
  let type: ElementType

  private init(adopting handle: OpaquePointer, _ dimensions: [Int], _ type: ElementType) {
    unsafe self.handle = unsafe handle
    self.dimensions = dimensions
    self.type = type
  }

  deinit { unsafe condense_layout_destroy(handle) }

  private static func made(
    _ call: String, _ dimensions: [Int], _ type: ElementType, _ make: (inout OpaquePointer?) -> Int32
  ) throws(ExecutionError) -> Layout {
    var handle: OpaquePointer?
    let status = unsafe make(&handle)
    try check(call, node: Shape(dimensions).description, status)
    guard let handle = unsafe handle else { throw .library(call: call, node: "", status: 0) }
    return unsafe Layout(adopting: handle, dimensions, type)
  }

  /// The row-major layout.
  static func plain(_ dimensions: [Int], _ type: ElementType) throws(ExecutionError) -> Layout {
    unsafe try made("condense_layout_plain", dimensions, type) { handle in
      unsafe condense_layout_plain(
        &handle, Int32(dimensions.count), dimensions.map(Int64.init), type.native)
    }
  }

  /// Channels in blocks of 16, which lie behind the spatial axes; for four axes.
  static func blocked(_ dimensions: [Int], _ type: ElementType) throws(ExecutionError) -> Layout {
    unsafe try made("condense_layout_blocked", dimensions, type) { handle in
      unsafe condense_layout_blocked(&handle, dimensions.map(Int64.init), type.native)
    }
  }

  /// Channels last, without padding; for four axes.
  static func channelsLast(_ dimensions: [Int], _ type: ElementType) throws(ExecutionError) -> Layout {
    try unsafe made("condense_layout_channels_last", dimensions, type) { handle in
      unsafe condense_layout_channels_last(&handle, dimensions.map(Int64.init), type.native)
    }
  }

  /// Sixteen images side by side, one in each lane; for four axes.
  static func interleaved(_ dimensions: [Int]) throws(ExecutionError) -> Layout {
    try unsafe made("condense_layout_interleaved", dimensions, .f32) { handle in
      unsafe condense_layout_interleaved(&handle, dimensions.map(Int64.init), CONDENSE_F32)
    }
  }

  /// A layout that the primitive chooses.
  static func any(_ dimensions: [Int], _ type: ElementType) throws(ExecutionError) -> Layout {
    unsafe try made("condense_layout_any", dimensions, type) { handle in
      unsafe condense_layout_any(&handle, Int32(dimensions.count), dimensions.map(Int64.init), type.native)
    }
  }

  /// The same order of elements with another type.
  func retyped(_ type: ElementType) throws(ExecutionError) -> Layout {
    guard type != self.type else { return self }
    return unsafe try Self.made("condense_layout_retyped", dimensions, type) { other in
      unsafe condense_layout_retyped(&other, handle, type.native)
    }
  }

  /// A part of this layout, in the same memory.
  func part(_ dimensions: [Int], at offsets: [Int]) throws(ExecutionError) -> Layout {
    unsafe try Self.made("condense_layout_part", dimensions, type) { other in
      unsafe condense_layout_part(&other, handle, dimensions.map(Int64.init), offsets.map(Int64.init))
    }
  }

  /// The layout that a primitive descriptor chose for an argument; `nil` if it has no such argument.
  static func query(
    _ descriptor: Descriptor, _ what: dnnl_query_t, _ dimensions: [Int], _ type: ElementType
  ) throws(ExecutionError) -> Layout? {
    var handle: OpaquePointer?
    let status = unsafe condense_query_layout(&handle, descriptor.handle, what)
    try check("condense_query_layout", node: descriptor.implementation, status)
    guard let handle = unsafe handle else { return nil }
    return unsafe Layout(adopting: handle, dimensions, type)
  }

  /// The bytes, padding included.
  var byteCount: Int { unsafe condense_layout_size(handle) }
  /// The number of elements, padding included.
  var elementCount: Int { byteCount / type.byteCount }

  /// True if both layouts put the same elements in the same places.
  func equals(_ other: Layout) -> Bool { unsafe condense_layout_equal(handle, other.handle) != 0 }

  /// True if this is row-major.
  func isPlain() throws(ExecutionError) -> Bool { try equals(Layout.plain(dimensions, type)) }
}
