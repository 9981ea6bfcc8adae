import Execution
import Graphs
import Integers
import Tensors

/// Compares an exported network of integers with the integer reference bit by bit.
///
/// The reference's fast kernels compute all images, so that whole test sets can be verified. Its plain
/// kernels compute the first ones, and both must agree.
struct CVerification {
  /// The multiply-adds that the plain kernels compute, which take a few seconds; at least one image.
  private static let plainMultiplyAdds = 1 << 29
  /// The batch size of the fast kernels.
  private static let batch = 64

  /// The network.
  let graph: Graph
  /// What was exported.
  let reference: CReference
  /// The same as C.
  let run: CHostRun

  private var program: IntegerProgram { reference.program }

  /// Runs on images `[N, C, H, W]`, normalized.
  func run(_ images: VerificationImages) throws -> Verification {
    let inputs = quantized(images.images)
    let expected = try references(images, count: inputs.count)
    let found = try outputs(of: inputs)
    let count = run.output.count
    let differing = zip(expected, found).enumerated().filter { $0.element.0 != $0.element.1 }.map(\.offset)
    let plain = min(inputs.count, max(1, Self.plainMultiplyAdds / max(1, graph.multiplyAdds)))
    let strays = plainDifferences(inputs.prefix(plain), expected)
    var findings = [
      differing.isEmpty
        ? "all \(found.count) outputs equal the integer reference bit for bit"
        : "\(differing.count) of \(found.count) outputs differ",
      strays == 0
        ? "the reference's fast kernels, used for all images, equal its plain ones on the first \(plain)"
        : "the reference's fast kernels differ from its plain ones in \(strays) outputs: please report this",
    ]
    if let first = differing.first {
      findings += try divergence(of: inputs[first / count], image: first / count)
    }
    return Verification(
      method: run.method, images: inputs.count, mismatches: differing.count, findings: findings,
      isPassed: found.count == expected.count && differing.isEmpty && strays == 0)
  }

  /// The inputs as integers, in the network's order.
  private func quantized(_ images: Tensor) -> [[Int8]] {
    let value = program.values[program.inputs[0]]
    let count = value.shape.count
    return (0..<images.values.count / count).map { image in
      images.values[image * count..<(image + 1) * count].map { value.integer($0) }
    }
  }

  /// The outputs of all images by the reference's fast kernels, in memory order.
  private func references(_ images: VerificationImages, count: Int) throws -> [Int8] {
    let read = program.outputs.map { program.values[$0] }
    let batch = min(Self.batch, max(1, count))
    let plan = try IntegerBackend().compile(
      graph, PlanOptions(batch: batch, mode: .inference, threads: images.threads, taps: read.map(\.name)))
    let taps = try read.map { try plan.tap($0.name) }
    let values = images.images.values
    let inputSize = values.count / max(1, count)
    var floats = taps.map { [Float](repeating: 0, count: $0.count) }
    var outputs: [Int8] = []
    for start in stride(from: 0, to: count, by: batch) {
      let taken = min(batch, count - start)
      var inputs = Array(values[start * inputSize..<(start + taken) * inputSize])
      inputs += Array(repeating: 0, count: (batch - taken) * inputSize)
      plan.forward(inputs.span, key: 0)
      for (place, tap) in taps.enumerated() {
        var span = floats[place].mutableSpan
        plan.readTap(tap, into: &span)
      }
      for image in 0..<taken {
        let integers = zip(read, floats).map { value, floats in
          let size = value.shape.count
          return floats[image * size..<(image + 1) * size].map { value.integer($0) }
        }
        outputs += reference.answer(integers)
      }
    }
    return outputs
  }

  /// The number of outputs in which the plain kernels differ.
  private func plainDifferences(_ inputs: ArraySlice<[Int8]>, _ expected: [Int8]) -> Int {
    let count = run.output.count
    return inputs.enumerated().reduce(0) { sum, input in
      let plain = reference.answer(to: input.element)
      let fast = expected[input.offset * count..<(input.offset + 1) * count]
      return sum + zip(plain, fast).count { $0 != $1 }
    }
  }

  /// The outputs of the C for some inputs, in memory order.
  private func outputs(of inputs: [[Int8]], isTraced: Bool = false) throws -> [Int8] {
    let order = COrder(program.values[program.inputs[0]].shape)
    let bytes = inputs.flatMap { order.arranged($0).map(UInt8.init(bitPattern:)) }
    return try run.outputs(of: bytes, isTraced: isTraced).map(Int8.init(bitPattern:))
  }

  /// The first step whose output differs for an image, with the place of the difference.
  private func divergence(of input: [Int8], image: Int) throws -> [String] {
    let found = try outputs(of: [input], isTraced: true)
    let values = program.values(of: [input])
    let plan = run.source.plan
    var start = 0
    for placed in plan.steps {
      let value = placed.step.output
      let shape = plan.network.values[value].shape
      defer { start += shape.count }
      // Values after the program's own are reordered copies.
      guard value < values.count else { continue }
      let elements = plan.orders[value].elements(shape.count)
      let differing = elements.indices.first { found[start + $0] != values[value][elements[$0]] }
      guard let differing else { continue }
      let element = elements[differing]
      return [
        "image \(image): \"\(placed.step.node)\" is the first layer that differs, at \(indices(of: element, in: shape)):"
          + " C gives \(found[start + differing]), the reference \(values[value][element])"
      ]
    }
    return ["image \(image): every layer is equal, but not what is given back"]
  }

  /// The index of an element along every axis.
  private func indices(of element: Int, in shape: Shape) -> [Int] {
    var rest = element
    let reversed = shape.dimensions.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }
    return reversed.reversed()
  }
}
