import Execution
import Foundation
public import Graphs
public import Tensors

/// A network exported to C and compiled for this machine.
public struct CompiledRun: ModelRun {
  private let artifact: CArtifact
  private let compiler: HostCompiler
  /// The names of the graph's nodes.
  private let names: Set<String>

  /// Writes the source; throws for networks that cannot be written, and without a compiler.
  public init(_ model: Model) throws(ExportError) {
    let exporter = CExporter()
    try exporter.requireVerificationTools()
    guard let compiler = HostCompiler() else {
      throw .missingTool(format: CExporter.name, tool: "a C compiler", hint: HostCompiler.remedy)
    }
    self.compiler = compiler
    artifact = try exporter.checkedArtifact(of: model, ExportOptions())
    names = Set(model.graph.nodes.map(\.name))
  }

  /// The words `C, compiled by` and the compiler's path.
  public var method: String { "C, compiled by \(compiler.path)" }
  /// True if the C computes in integers.
  public var isInteger: Bool { program != nil }
  private var program: IntegerProgram? { artifact.integers?.program }

  /// The outputs of all images, in the network's order.
  public func outputs(of images: Tensor) throws -> [Float] {
    try running { run in
      let network = run.source.plan.network
      if let program, network.detections != nil { return try scores(of: images, program, run) }
      let bytes = try run.outputs(of: inputs(images, network))
      let numbers = reals(bytes, of: network.output)
      let size = run.output.count
      let elements = COrder(run.output).elements(size)
      return (0..<images.shape[0]).flatMap { image in
        Self.ordered(Array(numbers[image * size..<(image + 1) * size]), elements)
      }
    }
  }

  /// What a detector says of its anchors, of which C makes what it gives back.
  private func scores(of images: Tensor, _ program: IntegerProgram, _ run: CHostRun) throws -> [Float] {
    let plan = run.source.plan
    let bytes = try run.outputs(of: inputs(images, plan.network), isTraced: true)
    let (value, size) = (program.outputs[0], bytes.count / images.shape[0])
    var start = 0
    for placed in plan.steps {
      if placed.step.output == value { break }
      start += plan.network.values[placed.step.output].shape.count
    }
    let count = plan.network.values[value].shape.count
    return (0..<images.shape[0]).flatMap { image in
      reals(Array(bytes[image * size + start..<image * size + start + count]), of: value)
    }
  }

  /// The outputs of all steps for one image, traced by the compiled program.
  public func layers(of image: Tensor) throws -> [RunLayer] {
    try running { run in
      let plan = run.source.plan
      let bytes = try run.outputs(of: inputs(image, plan.network), isTraced: true)
      let width = plan.network.element.byteCount
      var start = 0
      var told: Set<String> = []
      var layers: [RunLayer] = []
      for placed in plan.steps {
        let value = placed.step.output
        let (name, shape) = (plan.network.values[value].name, plan.network.values[value].shape)
        let part = Array(bytes[start..<start + shape.count * width])
        start += part.count
        // Values after the network's own are reordered copies.
        guard names.contains(name), value < program?.values.count ?? .max,
          told.insert(name).inserted
        else { continue }
        let values = Self.ordered(reals(part, of: value), plan.orders[value].elements(shape.count))
        layers.append(
          RunLayer(name: name, shape: shape, values: values, step: program?.values[value].scale))
      }
      return layers
    }
  }

  /// Rearranges values from the order in memory to the network's order.
  private static func ordered(_ values: [Float], _ elements: [Int]) -> [Float] {
    var ordered = values
    for (place, element) in elements.enumerated() { ordered[element] = values[place] }
    return ordered
  }

  private func running<Result>(_ body: (CHostRun) throws -> Result) throws -> Result {
    let folder = ExportScratch.work()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for file in artifact.files {
      try Data(file.bytes).write(to: URL(filePath: folder).appending(path: file.name))
    }
    let run = try CHostRun(source: artifact.source, folder: folder, compiler: compiler)
    defer { run.remove() }
    return try body(run)
  }

  /// The real numbers of a value's bytes.
  private func reals(_ bytes: [UInt8], of value: Int) -> [Float] {
    guard let program else { return [Float](littleEndian: bytes) }
    let value = program.values[value]
    return bytes.map { Float(Int32(Int8(bitPattern: $0)) - value.zeroPoint) * value.scale }
  }

  private func inputs(_ images: Tensor, _ network: CNetwork) -> [UInt8] {
    let count = images.shape.count / images.shape[0]
    let order = COrder(network.values[network.input].shape)
    return (0..<images.shape[0]).flatMap { image in
      let values = Array(images.values[image * count..<(image + 1) * count])
      guard let program else { return order.arranged(values).littleEndianBytes }
      let input = program.values[program.inputs[0]]
      return order.arranged(values.map { input.integer($0) }).map { UInt8(bitPattern: $0) }
    }
  }
}
