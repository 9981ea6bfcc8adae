import Graphs

/// An op that an integer device can compute: it gives the kernel with all constants.
///
/// One file an op in `Ops`; an op without one is refused by name.
protocol IntegerLowering: Op {
  /// The kernel that computes this op on the values of a frame.
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel
}

/// An op that bounds every number: where it alone reads a computed value, it becomes bounds of the step that computes it.
protocol IntegerClamp: IntegerTabulated {
  /// The least and the greatest number that it lets through.
  var bounds: ClosedRange<Double> { get }
}

/// An op that is left to the host where it is the network's last: the program ends at what it reads.
protocol IntegerHostOp: Op {}

/// Why something cannot be computed in integers, in words; the program adds the node.
struct IntegerRefusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
