import Execution
import Graphs
import Integers
import Tasks
import Tensors

/// The outputs of a network for some images: in integers where a device could compute so, else in 32-bit
/// floats.
struct ModelOutputs {
  private static let batch = 50

  /// The values of the heads for all images.
  let heads: HeadOutputs
  /// The same values, one head after the other.
  let values: [Float]

  /// Runs the network on all images.
  init(_ graph: Graph, on images: VerificationImages) throws {
    let count = images.truth.count
    let size = min(Self.batch, max(count, 1))
    let options = PlanOptions(batch: size, mode: .inference, threads: images.threads)
    let plan = try InferenceArithmetic(of: graph, floats: images.backend).backend.compile(graph, options)
    let heads = HeadOutputs(try images.task.heads(of: graph, network: "export"), batch: count)
    let taps = try heads.heads.map { try plan.tap($0.value) }
    let elements = images.images.shape.count / max(count, 1)
    for start in Swift.stride(from: 0, to: count, by: size) {
      let taken = min(size, count - start)
      var batch = Array(images.images.values[start * elements..<(start + taken) * elements])
      batch += Array(repeating: 0, count: (size - taken) * elements)
      plan.forward(batch.span, key: 0)
      for (head, tap) in taps.enumerated() {
        var said = [Float](repeating: 0, count: tap.count)
        var span = said.mutableSpan
        plan.readTap(tap, into: &span)
        let first = heads.row(of: start, head: head).lowerBound
        let known = taken * heads.heads[head].shape.count
        heads.buffers[head].withMutableFloats { all in for i in 0..<known { all[first + i] = said[i] } }
      }
    }
    self.heads = heads
    values = heads.buffers.enumerated().flatMap { head, buffer in
      (0..<count * heads.heads[head].shape.count).map { buffer.floats[$0] }
    }
  }

  /// True if another network gives an image the same best answer and the same number of answers.
  func isAlike(_ other: ModelOutputs, on image: Int, _ task: any ImageTask) -> Bool {
    let (mine, others) = (task.answers(heads, image: image), task.answers(other.heads, image: image))
    return mine.first?.label == others.first?.label && mine.count == others.count
  }
}
