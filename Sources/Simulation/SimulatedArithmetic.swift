import Execution
import Export
import Graphs
import Tensors

/// The numbers that a simulated program computes with, and the check of its outputs.
protocol SimulatedArithmetic {
  /// Images as the program reads them, from normalized images of `[channels, height, width]`.
  func bytes(_ images: [[Float]]) -> ImageBytes
  /// True if the program's outputs for an image, in the program's order, are correct.
  func agrees(_ outputs: [Float], on image: [Float]) -> Bool
}

/// Signed bytes; outputs must equal the integer reference bit for bit.
struct SimulatedIntegers: SimulatedArithmetic {
  private let reference: CReference
  private var program: IntegerProgram { reference.program }

  init(_ reference: CReference) { self.reference = reference }

  private func integers(_ image: [Float]) -> [Int8] {
    image.map { program.values[program.inputs[0]].integer($0) }
  }

  func bytes(_ images: [[Float]]) -> ImageBytes {
    ImageBytes(images.map { integers($0).channelsLast(program.values[program.inputs[0]].shape) })
  }

  func agrees(_ outputs: [Float], on image: [Float]) -> Bool {
    reference.answer(to: integers(image)).map(Float.init) == outputs
  }
}

/// Floats; outputs must equal the reference within the tolerance for another order of sums.
struct SimulatedFloats: SimulatedArithmetic {
  private let graph: Graph
  private let plan: any Plan
  private let tap: TapID

  init(_ graph: Graph) throws(ExecutionError) {
    self.graph = graph
    plan = try ReferenceBackend().compile(
      graph, PlanOptions(batch: 1, mode: .inference, threads: 1, taps: [graph.outputs[0]]))
    tap = try plan.tap(graph.outputs[0])
  }

  func bytes(_ images: [[Float]]) -> ImageBytes {
    ImageBytes(images.map { $0.channelsLast(graph.inputs[0].shape) })
  }

  func agrees(_ outputs: [Float], on image: [Float]) -> Bool {
    plan.forward(image.span, key: 0)
    var expected = [Float](repeating: 0, count: tap.count)
    var span = expected.mutableSpan
    plan.readTap(tap, into: &span)
    let shape = graph.shape(of: graph.outputs[0])?.dimensions.dropFirst() ?? []
    let ordered = expected.channelsLast(Shape(Array(shape)))
    return outputs.count == ordered.count
      && Verification.differences(outputs, ordered).allSatisfy { $0 <= Verification.floatTolerance }
  }
}

extension Array {
  /// Reorders `[channels, height, width]` to `[height, width, channels]`; other ranks are unchanged.
  fileprivate func channelsLast(_ shape: Shape) -> [Element] {
    guard shape.rank == 3 else { return self }
    let (channels, plane) = (shape[0], shape[1] * shape[2])
    return (0..<count).map { self[$0 % channels * plane + $0 / channels] }
  }
}
