import Execution
import Graphs
import Integers
import Tensors

/// The logits of a network over images: in integers where a device could compute it so, else by a backend in 32-bit floats.
struct ModelLogits {
  private static let batch = 50

  /// The classes.
  let classes: Int
  /// `[N, classes]`, row-major.
  let values: [Float]

  /// Runs the network.
  init(_ graph: Graph, on images: VerificationImages) throws(ExecutionError) {
    let count = images.labels.count
    let size = min(Self.batch, max(count, 1))
    let options = PlanOptions(batch: size, mode: .inference, threads: images.threads)
    let plan = try InferenceArithmetic(of: graph, floats: images.backend).backend.compile(graph, options)
    let tap = try plan.tap(graph.outputs[0])
    let elements = images.images.shape.count / max(count, 1)
    classes = tap.count / size
    var values: [Float] = []
    var logits = [Float](repeating: 0, count: tap.count)
    for start in Swift.stride(from: 0, to: count, by: size) {
      let taken = min(size, count - start)
      var batch = Array(images.images.values[start * elements..<(start + taken) * elements])
      batch += Array(repeating: 0, count: (size - taken) * elements)
      plan.forward(batch.span, key: 0)
      var span = logits.mutableSpan
      plan.readTap(tap, into: &span)
      values += logits[..<(taken * classes)]
    }
    self.values = values
  }

  /// The class of the largest logit of each image, of equals the first.
  var predictions: [Int] {
    guard classes > 0 else { return [] }
    return Swift.stride(from: 0, to: values.count, by: classes).map { start in
      (1..<max(classes, 1)).reduce(0) { values[start + $1] > values[start + $0] ? $1 : $0 }
    }
  }
}
