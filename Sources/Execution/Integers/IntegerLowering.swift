import Graphs

/// An op that an integer device can compute: it makes the kernel with all its constants.
///
/// The conformances stand in `Ops`, a file for each family. An op without one is refused by name.
protocol IntegerLowering: Op {
  /// The kernel that computes this op on the values of a frame.
  func integerKernel(_ frame: IntegerFrame) throws(IntegerRefusal) -> any IntegerKernel
}

/// An op that bounds every number.
///
/// If it alone reads a computed value, its bounds become those of the step that computes the value.
protocol IntegerClamp: IntegerTabulated {
  /// The least and the greatest number that it lets pass.
  var bounds: ClosedRange<Double> { get }
}

/// An op that is left to the host if it is the network's last: the program ends at its input.
protocol IntegerHostOp: Op {}

/// The reason for which an op or a tensor cannot be computed in integers; the program adds the node.
struct IntegerRefusal: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
