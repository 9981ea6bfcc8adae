import CDNNL
import CGomp
import Execution

/// The engine and stream of oneDNN on this machine's processor.
///
/// Invariant: both handles are valid from `init` to `deinit`.
@safe final class Device {
  let engine: dnnl_engine_t
  let stream: dnnl_stream_t

  init() throws(ExecutionError) {
    var engine: dnnl_engine_t?
    try unsafe check("dnnl_engine_create", node: "engine", dnnl_engine_create(&engine, dnnl_cpu, 0))
    var stream: dnnl_stream_t?
    let flags = dnnl_stream_default_flags.rawValue
    try unsafe check("dnnl_stream_create", node: "stream", dnnl_stream_create(&stream, engine, UInt32(flags)))
    guard let engine = unsafe engine, let stream = unsafe stream else {
      throw .library(call: "dnnl_engine_create", node: "engine", status: 0)
    }
    unsafe self.engine = unsafe engine
    unsafe self.stream = unsafe stream
  }

  deinit {
    unsafe dnnl_stream_destroy(stream)
    unsafe dnnl_engine_destroy(engine)
  }

  /// Sizes the calling thread's OpenMP team for the calls that follow.
  static func useTeam(of threads: Int) {
    omp_set_dynamic(0)
    omp_set_num_threads(Int32(max(1, threads)))
  }
}

/// The steps between a result and its writing: an addition to the destination, an activation.
struct Epilogue: Hashable {
  var addsDestination = false
  var activation = CONDENSE_NO_ACTIVATION.rawValue

  /// No step.
  static let none = Epilogue()
  /// A ReLU.
  static let relu = Epilogue(activation: CONDENSE_RELU.rawValue)
}

/// A primitive descriptor: an operation with a chosen kernel and chosen layouts.
///
/// Invariant: `handle` is valid from `init` to `deinit`.
@safe final class Descriptor {
  let handle: dnnl_primitive_desc_t
  /// The name of the kernel.
  let implementation: String

  /// Makes a descriptor by a function of the shim, which gets its own attributes.
  init(
    _ call: String, node: String, _ epilogue: Epilogue = .none,
    _ make: (inout dnnl_primitive_desc_t?, dnnl_primitive_attr_t?) -> Int32
  ) throws(ExecutionError) {
    var attributes: dnnl_primitive_attr_t?
    let activation = condense_activation(rawValue: epilogue.activation)
    try unsafe check(
      "condense_attributes", node: node,
      condense_attributes(&attributes, epilogue.addsDestination ? 1 : 0, activation, 0, 0))
    defer { unsafe dnnl_primitive_attr_destroy(attributes) }
    var handle: dnnl_primitive_desc_t?
    let status = unsafe make(&handle, attributes)
    try check(call, node: node, status)
    guard let handle = unsafe handle else { throw .library(call: call, node: node, status: 0) }
    unsafe self.handle = unsafe handle
    implementation = unsafe String(cString: condense_implementation(handle))
  }

  deinit { unsafe dnnl_primitive_desc_destroy(handle) }

  /// True if this is oneDNN's slow reference kernel.
  var isReference: Bool { implementation.hasPrefix("ref") }
}
