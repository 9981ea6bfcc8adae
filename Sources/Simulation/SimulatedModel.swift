public import Execution
import Export
public import Graphs
public import Targets
import Tensors

/// An integer network as simulators take it: its C, its input as bytes, and what it must compute.
public struct SimulatedModel: Sendable {
  /// The exported C.
  public let program: NetworkProgram
  /// The arithmetic that the C must equal bit for bit.
  public let integers: IntegerProgram

  /// The name of the exported network.
  private static let name = "network"
  /// The format that simulators run.
  private static let format = "c"

  /// Exports a model for a target; throws `SimulationError.unsuitable` for networks that are not of integers throughout,
  /// or that the exporter refuses.
  public init(_ model: Model, for profile: TargetProfile) throws(SimulationError) {
    let options = ExportOptions(target: profile, baseName: Self.name)
    let files: [ExportFile]
    do throws(ExecutionError) { integers = try IntegerProgram(model.graph) } catch {
      throw .unsuitable("\(error)")
    }
    do throws(ExportError) {
      let exporter = try ExporterCatalogue.exporter(Self.format)
      let refusals = exporter.refusals(of: model.graph, options)
      guard refusals.isEmpty else { throw ExportError.refused(format: Self.format, refusals) }
      files = try exporter.files(of: model, options)
    } catch {
      throw .unsuitable("\(error)")
    }
    func text(_ suffix: String) -> String {
      files.first { $0.name == Self.name + suffix }.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
    }
    program = try NetworkProgram(name: Self.name, header: text(".h"), source: text(".c"))
  }

  /// The integers of an image `[C, H, W]` of normalized numbers, row-major.
  public func integers(of image: [Float]) -> [Int8] {
    image.map { integers.values[integers.inputs[0]].integer($0) }
  }

  /// Images as the program reads them: channels last.
  func bytes(_ images: [[Int8]]) -> ImageBytes {
    let shape = integers.values[integers.inputs[0]].shape
    return ImageBytes(images.map { $0.channelsLast(shape) })
  }

  /// The outputs of an image by the reference kernels.
  func outputs(of image: [Int8]) -> [Int8] {
    let values = integers.values(of: [image])
    return values[integers.outputs[0]].channelsLast(integers.values[integers.outputs[0]].shape)
  }
}

extension [Int8] {
  /// `[C, H, W]` as `[H, W, C]`; other ranks as they are.
  fileprivate func channelsLast(_ shape: Shape) -> [Int8] {
    guard shape.rank == 3 else { return self }
    let (channels, plane) = (shape[0], shape[1] * shape[2])
    return (0..<count).map { self[$0 % channels * plane + $0 / channels] }
  }
}
