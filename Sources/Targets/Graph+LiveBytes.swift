import Execution
import Graphs

extension Graph {
  /// The most bytes of values that live at once when the nodes run in their order, one image at a time.
  ///
  /// An op that may work in place takes over the memory of an input that nothing reads later, and what is only laid out anew
  /// takes none.
  var peakLiveBytes: Int { schedule(bytes: bytes(of:)).peakBytes }
}
