import Execution
import Foundation
import Tensors

/// Compiles an exported network for this machine, runs it on images and holds it against the integer reference, bit by bit.
struct CVerification {
  /// What was exported.
  let program: IntegerProgram
  /// The same as C.
  let source: CSource
  /// Where the exported files lie.
  let folder: String
  /// What compiles them.
  let compiler: HostCompiler

  private static let flags = ["-std=c99", "-O2"]

  /// Runs on images `[N, C, H, W]`, normalized.
  func run(_ images: Tensor) throws -> Verification {
    let place = NSTemporaryDirectory() + "condense-verify-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let inputs = quantized(images)
    try Data(CHarness(source: source).program).write(to: URL(filePath: place + "/harness.c"))
    let found = try outputs(of: inputs, in: place, defines: [])
    let output = source.plan.network.values[source.plan.network.output].shape
    let order = COrder(output)
    var mismatches = 0
    var first: Int?
    for (image, input) in inputs.enumerated() {
      let expected = order.arranged(program.values(of: [input])[program.outputs[0]])
      let differing = zip(expected, found[image * output.count..<(image + 1) * output.count]).count {
        $0 != $1
      }
      mismatches += differing
      if differing > 0, first == nil { first = image }
    }
    var findings = [
      mismatches == 0
        ? "all \(inputs.count * output.count) outputs equal the integer reference bit for bit"
        : "\(mismatches) of \(inputs.count * output.count) outputs differ"
    ]
    if let first { findings += try divergence(of: inputs[first], image: first, in: place) }
    return Verification(
      method: "compiled by \(compiler.path) \(Self.flags.joined(separator: " ")) and run here",
      images: inputs.count,
      mismatches: mismatches, findings: findings, isPassed: mismatches == 0)
  }

  /// The inputs' integers, as the network counts.
  private func quantized(_ images: Tensor) -> [[Int8]] {
    let value = program.values[program.inputs[0]]
    let count = value.shape.count
    return (0..<images.values.count / count).map { image in
      images.values[image * count..<(image + 1) * count].map { value.integer($0) }
    }
  }

  /// What the program writes for some inputs: bytes as they lie in memory.
  private func outputs(of inputs: [[Int8]], in place: String, defines: [String]) throws -> [Int8] {
    let order = COrder(program.values[program.inputs[0]].shape)
    let bytes = inputs.flatMap { order.arranged($0).map(UInt8.init(bitPattern:)) }
    try Data(bytes).write(to: URL(filePath: place + "/in.bin"))
    try compiler.compile(
      place + "/harness.c", to: place + "/harness", flags: Self.flags + defines + ["-I", folder])
    _ = try HostCompiler.run(place + "/harness", [place + "/in.bin", place + "/out.bin"])
    return [UInt8](try Data(contentsOf: URL(filePath: place + "/out.bin"))).map(Int8.init(bitPattern:))
  }

  /// The first step whose output differs for an image, and where.
  private func divergence(of input: [Int8], image: Int, in place: String) throws -> [String] {
    let found = try outputs(of: [input], in: place, defines: ["-DTRACE"])
    let reference = program.values(of: [input])
    var start = 0
    for placed in source.plan.steps {
      let value = placed.step.output
      let shape = source.plan.network.values[value].shape
      defer { start += shape.count }
      guard value < reference.count else { continue }
      let elements = source.plan.orders[value].elements(shape.count)
      if let position = elements.indices.first(where: { found[start + $0] != reference[value][elements[$0]] })
      {
        let element = elements[position]
        return [
          "image \(image): \"\(placed.step.node)\" is the first layer that differs, at \(place: element, in: shape):"
            + " C gives \(found[start + position]), the reference \(reference[value][element])"
        ]
      }
    }
    return ["image \(image): every layer is equal, but not what is given back"]
  }
}

extension String.StringInterpolation {
  /// An element's indices.
  fileprivate mutating func appendInterpolation(place element: Int, in shape: Shape) {
    var rest = element
    var indices: [Int] = []
    for extent in shape.dimensions.reversed() {
      indices.insert(rest % extent, at: 0)
      rest /= extent
    }
    appendLiteral("\(indices)")
  }
}
