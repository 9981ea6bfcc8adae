import Execution
import Graphs
import Tensors

/// Compares an exported network of floats with the backend on images.
struct CFloatVerification {
  /// The compiled network.
  let run: CHostRun
  /// The network as a graph.
  let graph: Graph

  /// Runs all images and compares all outputs.
  func run(_ images: VerificationImages) throws -> Verification {
    let shape = images.images.shape
    let order = COrder(Shape(Array(shape.dimensions.dropFirst())))
    let count = shape.count / shape[0]
    let inputs = (0..<shape[0]).flatMap { image in
      order.arranged(Array(images.images.values[image * count..<(image + 1) * count]))
    }
    let found = [Float](littleEndian: try run.outputs(of: inputs.littleEndianBytes))
    let expected = try self.expected(images, count: shape[0])
    let width = run.output.count
    var (mismatches, greatest) = (0, Float(0))
    let infinite = (expected + found).count { !$0.isFinite }
    for image in 0..<shape[0] {
      let reference = COrder(run.output).arranged(Array(expected[image * width..<(image + 1) * width]))
      let outputs = found[image * width..<(image + 1) * width]
      let differences = Verification.differences(outputs, reference)
      greatest = max(greatest, differences.max() ?? 0)
      mismatches += differences.count { $0 > Verification.floatTolerance }
    }
    return Verification(
      method: run.method, images: shape[0], mismatches: mismatches,
      findings: [
        "the greatest difference is \(greatest) of an image's largest output; \(Verification.floatTolerance) is allowed"
      ] + (infinite == 0 ? [] : ["\(infinite) outputs are no finite numbers, of which nothing can be said"]),
      isPassed: mismatches == 0 && infinite == 0)
  }

  /// The outputs of the backend.
  private func expected(_ images: VerificationImages, count: Int) throws -> [Float] {
    var outputs: [Float] = []
    let plan = try images.backend.compile(
      graph, PlanOptions(batch: 1, mode: .inference, threads: images.threads, taps: [graph.outputs[0]]))
    let tap = try plan.tap(graph.outputs[0])
    let size = images.images.values.count / count
    for image in 0..<count {
      let values = Array(images.images.values[image * size..<(image + 1) * size])
      plan.forward(values.span, key: 0)
      var numbers = Array(repeating: Float(0), count: tap.count)
      var span = numbers.mutableSpan
      plan.readTap(tap, into: &span)
      outputs += numbers
    }
    return outputs
  }
}
