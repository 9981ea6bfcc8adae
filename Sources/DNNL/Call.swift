import CDNNL
import Execution
import Tensors

/// An argument of a primitive: which one, and the tensor.
struct Argument {
  let index: Int32
  let operand: Operand

  init(_ index: Int32, _ operand: Operand) {
    self.index = index
    self.operand = operand
  }
}

/// A call whose memory is not placed yet.
struct PendingCall {
  enum Work {
    /// A primitive of oneDNN and its arguments.
    case primitive(Descriptor, [Argument])
    /// A pass of our own; the closure reads addresses when it runs.
    case native(() -> Void)
  }

  let description: KernelDescription
  let work: Work
  /// The regions it touches.
  let regions: [Region]
}

/// A call ready to run: everything that it needs is fixed.
///
/// Invariant: handles are valid from `init` to `deinit`; memory objects point into regions that the plan keeps.
@safe final class PreparedCall {
  let description: KernelDescription
  private let primitive: dnnl_primitive_t?
  private let arguments: UnsafeMutablePointer<dnnl_exec_arg_t>
  private let count: Int
  private let stream: dnnl_stream_t
  private let native: (() -> Void)?

  init(_ call: PendingCall, _ device: Device, scratchpad: Region) throws(ExecutionError) {
    description = call.description
    unsafe stream = unsafe device.stream
    switch call.work {
    case .native(let body):
      native = body
      unsafe primitive = nil
      count = 0
      unsafe arguments = UnsafeMutablePointer<dnnl_exec_arg_t>.allocate(capacity: 1)
    case .primitive(let descriptor, let operands):
      native = nil
      var all = operands
      if let layout = try Layout.scratchpad(of: descriptor) {
        all.append(Argument(DNNL_ARG_SCRATCHPAD, Operand(region: scratchpad, layout: layout)))
      }
      var handle: dnnl_primitive_t?
      let name = call.description.node
      try unsafe check("dnnl_primitive_create", node: name, dnnl_primitive_create(&handle, descriptor.handle))
      unsafe primitive = unsafe handle
      count = all.count
      unsafe arguments = UnsafeMutablePointer<dnnl_exec_arg_t>.allocate(capacity: max(1, all.count))
      for (position, argument) in all.enumerated() {
        var memory: dnnl_memory_t?
        try unsafe check(
          "condense_memory", node: name,
          condense_memory(
            &memory, argument.operand.layout.handle, device.engine, argument.operand.region.address))
        unsafe (arguments + position).initialize(to: dnnl_exec_arg_t(arg: argument.index, memory: memory))
      }
    }
  }

  deinit {
    for position in 0..<count { unsafe dnnl_memory_destroy(arguments[position].memory) }
    unsafe arguments.deallocate()
    if let primitive = unsafe primitive { unsafe dnnl_primitive_destroy(primitive) }
  }

  /// Runs the call; it is done when this returns.
  func run() {
    if let native { return native() }
    let status = unsafe dnnl_primitive_execute(primitive, stream, Int32(count), arguments)
    precondition(
      status == dnnl_success,
      "\(description.node) \(description.pass): a prepared call failed (\(status.rawValue))")
  }
}

extension Layout {
  /// What a primitive needs to work in; `nil` for nothing.
  static func scratchpad(of descriptor: Descriptor) throws(ExecutionError) -> Layout? {
    try query(descriptor, dnnl_query_scratchpad_md, [], .f32)
  }
}
