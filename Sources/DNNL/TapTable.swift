import CDNNL
import Execution
import Graphs
import Tensors

/// The values of a plan that are read or seeded from outside.
struct TapTable {
  private struct Entry {
    let name: String
    let count: Int
    let value: Operand
    let seed: Region?
    /// Where the plain copy goes; the value itself where it is plain already.
    let plain: Operand
    var reorder: PreparedCall?
    let memory: AlignedBuffer?
  }

  private var entries: [Entry] = []
  private let device: Device

  init(_ device: Device) { self.device = device }

  /// Makes a value readable, and writable where it takes a seed.
  mutating func add(_ value: Value, seed: Region?) throws(ExecutionError) {
    let layout = try Layout.plain(value.operand.layout.dimensions, .f32)
    value.operand.region.persist()
    let isPlain = layout.equals(value.operand.layout)
    let memory = isPlain ? nil : AlignedBuffer(byteCount: layout.byteCount)
    var plain = value.operand
    if let memory {
      plain = Operand(
        region: unsafe Region(byteCount: memory.byteCount, at: memory.baseAddress), layout: layout)
    }
    entries.append(
      Entry(
        name: value.name, count: value.shape.count, value: value.operand, seed: seed, plain: plain,
        memory: memory))
  }

  /// Prepares the copies once addresses are known.
  mutating func prepare(_ scratchpad: Region) throws(ExecutionError) {
    for index in entries.indices where entries[index].memory != nil {
      let entry = entries[index]
      let descriptor = unsafe try Descriptor("condense_reorder", node: entry.name) { handle, attributes in
        unsafe condense_reorder(
          &handle, device.engine, entry.value.layout.handle, entry.plain.layout.handle, attributes)
      }
      let call = PendingCall(
        description: KernelDescription(
          node: entry.name, pass: "tap", implementation: descriptor.implementation),
        work: .primitive(
          descriptor, [Argument(DNNL_ARG_FROM, entry.value), Argument(DNNL_ARG_TO, entry.plain)]),
        regions: [])
      entries[index].reorder = try PreparedCall(call, device, scratchpad: scratchpad)
    }
  }

  func id(of name: String) throws(ExecutionError) -> TapID {
    guard let index = entries.firstIndex(where: { $0.name == name }) else {
      throw .unknownTap(name, suggestion: nil)
    }
    return TapID(index: index, count: entries[index].count)
  }

  func read(_ tap: TapID, into values: inout MutableSpan<Float>) {
    let entry = entries[tap.index]
    precondition(values.count >= entry.count, "a tap of \(entry.count) floats read into \(values.count)")
    entry.reorder?.run()
    guard let source = unsafe entry.plain.region.address else { return }
    unsafe values.withUnsafeMutableBytes { bytes in
      unsafe bytes.baseAddress?.copyMemory(from: source, byteCount: entry.count * 4)
    }
  }

  func writeSeed(_ tap: TapID, _ gradient: Span<Float>) {
    let entry = entries[tap.index]
    precondition(gradient.count == entry.count, "a seed of \(gradient.count) floats, expected \(entry.count)")
    guard let target = unsafe entry.seed?.address else { return }
    unsafe gradient.withUnsafeBufferPointer { source in
      if let from = source.baseAddress { unsafe target.copyMemory(from: from, byteCount: entry.count * 4) }
    }
  }
}
