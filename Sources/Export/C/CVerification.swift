import Execution
import Tensors

/// Holds an exported network of integers against the integer reference, bit by bit.
struct CVerification {
  /// What was exported.
  let program: IntegerProgram
  /// The same as C.
  let run: CHostRun

  /// Runs on images `[N, C, H, W]`, normalized.
  func run(_ images: Tensor) throws -> Verification {
    let inputs = quantized(images)
    let found = try outputs(of: inputs)
    let count = run.output.count
    let order = COrder(run.output)
    var mismatches = 0
    var first: Int?
    for (image, input) in inputs.enumerated() {
      let expected = order.arranged(program.values(of: [input])[program.outputs[0]])
      let differing = zip(expected, found[image * count..<(image + 1) * count]).count { $0 != $1 }
      mismatches += differing
      if differing > 0, first == nil { first = image }
    }
    var findings = [
      mismatches == 0
        ? "all \(inputs.count * count) outputs equal the integer reference bit for bit"
        : "\(mismatches) of \(inputs.count * count) outputs differ"
    ]
    if let first { findings += try divergence(of: inputs[first], image: first) }
    return Verification(
      method: run.method, images: inputs.count, mismatches: mismatches, findings: findings,
      isPassed: mismatches == 0)
  }

  /// The inputs' integers, as the network counts.
  private func quantized(_ images: Tensor) -> [[Int8]] {
    let value = program.values[program.inputs[0]]
    let count = value.shape.count
    return (0..<images.values.count / count).map { image in
      images.values[image * count..<(image + 1) * count].map { value.integer($0) }
    }
  }

  /// What C gives for some inputs, as it lies in memory.
  private func outputs(of inputs: [[Int8]], isTraced: Bool = false) throws -> [Int8] {
    let order = COrder(program.values[program.inputs[0]].shape)
    let bytes = inputs.flatMap { order.arranged($0).map(UInt8.init(bitPattern:)) }
    return try run.outputs(of: bytes, isTraced: isTraced).map(Int8.init(bitPattern:))
  }

  /// The first step whose output differs for an image, and where.
  private func divergence(of input: [Int8], image: Int) throws -> [String] {
    let found = try outputs(of: [input], isTraced: true)
    let reference = program.values(of: [input])
    let plan = run.source.plan
    var start = 0
    for placed in plan.steps {
      let value = placed.step.output
      let shape = plan.network.values[value].shape
      defer { start += shape.count }
      // Values behind the program's own are reordered copies.
      guard value < reference.count else { continue }
      let elements = plan.orders[value].elements(shape.count)
      let differing = elements.indices.first { found[start + $0] != reference[value][elements[$0]] }
      guard let differing else { continue }
      let element = elements[differing]
      return [
        "image \(image): \"\(placed.step.node)\" is the first layer that differs, at \(indices(of: element, in: shape)):"
          + " C gives \(found[start + differing]), the reference \(reference[value][element])"
      ]
    }
    return ["image \(image): every layer is equal, but not what is given back"]
  }

  /// An element's place along every axis.
  private func indices(of element: Int, in shape: Shape) -> [Int] {
    var rest = element
    let reversed = shape.dimensions.reversed().map { extent in
      defer { rest /= extent }
      return rest % extent
    }
    return reversed.reversed()
  }
}
