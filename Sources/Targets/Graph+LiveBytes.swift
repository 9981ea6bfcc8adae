import Execution
import Graphs

extension Graph {
  /// The most bytes of values that live at once when the nodes run in their order, for one image.
  ///
  /// An op that may work in place takes over the memory of an input that nothing reads later; a mere reshape
  /// takes no memory.
  var peakLiveBytes: Int { schedule(bytes: bytes(of:)).peakBytes }
}
