public import Export
public import Graphs
public import Settings
import Targets

/// Programs that measure a network for a device that no processor simulator covers: synthesis, placement, an
/// NPU's compiler.
///
/// One more flow is one file and one line in `FlowCatalogue`. Its settings are those of a profile's
/// `simulator:` mapping.
public protocol DeviceFlow: Configurable, Sendable {
  /// The name in profiles; never renamed.
  static var kind: String { get }
  /// The programs that it needs.
  var tools: [ExternalTool] { get }
  /// The versions of tools: everything that decides a result besides network, settings and images.
  func versions(_ bench: Workbench) async throws(SimulationError) -> [String]
  /// The network as input of the programs; throws `SimulationError.unsuitable` for networks that cannot be
  /// written so.
  func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput
  /// Runs the programs and returns their measurements.
  func run(_ input: FlowInput, _ bench: Workbench) async throws(SimulationError) -> FlowResult
}

extension DeviceFlow {
  /// The name, for an existential value.
  var kind: String { Self.kind }
  /// The settings as sorted JSON.
  var canonicalSettings: String { node.canonicalJSON }
  /// The programs that this machine lacks.
  public var missingTools: [ExternalTool] { tools.filter { $0.path == nil } }
}

/// A network as input of a flow's programs.
public struct FlowInput: Sendable {
  /// The files that are written into the folder; part of a result's key.
  public var files: [ExportFile]
  /// The network in Verilog, with images in its numbers and the expected outputs; `nil` for other flows.
  public var verilog: (artifact: VerilogArtifact, images: [[Int8]], expected: [Int8])?

  /// Makes an input.
  public init(
    files: [ExportFile], verilog: (artifact: VerilogArtifact, images: [[Int8]], expected: [Int8])? = nil
  ) {
    self.files = files
    self.verilog = verilog
  }
}

/// The measurements of a flow.
public struct FlowResult: Codable, Sendable, Equatable {
  /// The amount of a resource that a network takes, and the amount that the device has.
  public struct Amount: Codable, Sendable, Equatable {
    /// The resource's name in files, and its title in words.
    public var name, title: String
    /// The amount that the network takes.
    public var value: Int
    /// The amount that the device has; `nil` where it is unlimited.
    public var limit: Int?

    /// The overflow in words: `logic cells: 12 too many: needs 7692, has 7680`; `nil` where it fits.
    var overflow: String? {
      guard let limit, value > limit else { return nil }
      return "\(title): \(value - limit) too many: needs \(value), has \(limit)"
    }
  }

  /// The clock cycles of a layer.
  public struct Layer: Codable, Sendable, Equatable {
    /// The layer's name.
    public var name: String
    /// The clock cycles per image.
    public var cycles: Double
  }

  /// The method by which the figures were found.
  public var method: String
  /// True if the network was placed and routed.
  public var isPlaced: Bool
  /// Clock cycles per image: least, mean and most.
  public var cycles: [Double]
  /// The clock in MHz by each tool that reports one; empty where the profile's clock is assumed.
  public var clocksMHz: [Double]
  /// The amounts of the device's resources.
  public var amounts: [Amount]
  /// Bytes of constants, and bytes of values.
  public var flashBytes, ramBytes: Int
  /// The layers with their cycles.
  public var layers: [Layer]
  /// The number of images that were run and compared, and of those that differed; `nil` where none was run.
  public var imagesRun, imagesUnequal: Int?
  /// A note for readers of the result.
  public var note: String?
  /// The outputs of the images that were run.
  public var outputs: [[Float]]
  /// The least and the largest ratio of the true latency to the estimate, for an assumed clock.
  public var clockInterval: [Double]
}

extension ExternalTool {
  static let yosys = ExternalTool("yosys", package: "yosys")
  static let placer = ExternalTool("nextpnr-ice40", package: "nextpnr-ice40")
  static let timer = ExternalTool("icetime", package: "fpga-icestorm")
  static let verilator = ExternalTool("verilator", package: "verilator")
}

extension Setting where Owner: DeviceFlow {
  /// The setting for the amount of a resource of the device, with its source.
  static func limit(_ name: String, _ path: WritableKeyPath<Owner, Sourced>, _ summary: String) -> Setting {
    Setting(name, path, expected: "\(Sourced.expectation), the number in 0...1e9", summary) {
      (0...1e9).contains($0.value)
    }
  }

  /// The setting for a factor with its source, in a range.
  static func factor(
    _ name: String, _ path: WritableKeyPath<Owner, Sourced>, in range: ClosedRange<Double>, _ summary: String
  ) -> Setting {
    Setting(
      name, path, expected: "\(Sourced.expectation), the number in \(range.lowerBound)...\(range.upperBound)",
      summary
    ) { range.contains($0.value) }
  }
}
