import CDNNL
import Execution

/// Throws for a status of oneDNN other than success.
///
/// All statuses are checked here.
func check(_ call: String, node: String, _ status: Int32) throws(ExecutionError) {
  guard status == 0 else { throw .library(call: call, node: node, status: Int(status)) }
}

/// Throws for a status of oneDNN's own functions.
func check(_ call: String, node: String, _ status: dnnl_status_t) throws(ExecutionError) {
  try check(call, node: node, Int32(bitPattern: status.rawValue))
}
