public import Export
public import Graphs
public import Settings
import Targets

/// Programs that tell what a network takes on a device which no simulator of processors runs: synthesis, placement, an NPU's compiler.
///
/// One more flow is one file and one line in `FlowCatalogue`. Its settings are those of a profile's `simulator:` mapping.
public protocol DeviceFlow: Configurable, Sendable {
  /// The name in profiles; never renamed.
  static var kind: String { get }
  /// The programs that it needs.
  var tools: [ExternalTool] { get }
  /// Everything beside the network, settings and images that decides a result: versions of tools.
  func versions(_ bench: Workbench) async throws(SimulationError) -> [String]
  /// The network as the programs take it; throws `SimulationError.unsuitable` for networks that have no such form.
  func input(of model: Model, images: [[Float]]) throws(SimulationError) -> FlowInput
  /// Runs the programs.
  func run(_ input: FlowInput, _ bench: Workbench) async throws(SimulationError) -> FlowResult
}

extension DeviceFlow {
  /// The name, reachable from an existential.
  var kind: String { Self.kind }
  /// The settings as sorted JSON.
  var canonicalSettings: String { node.canonicalJSON }
  /// The programs that this machine lacks.
  public var missingTools: [ExternalTool] { tools.filter { $0.path == nil } }
}

/// A network as a flow's programs take it.
public struct FlowInput: Sendable {
  /// What is written into the folder; a result depends on it.
  public var files: [ExportFile]
  /// The network in Verilog, with images of its numbers and what must come of them; `nil` for others.
  public var verilog: (artifact: VerilogArtifact, images: [[Int8]], expected: [Int8])?

  /// Makes an input.
  public init(
    files: [ExportFile], verilog: (artifact: VerilogArtifact, images: [[Int8]], expected: [Int8])? = nil
  ) {
    self.files = files
    self.verilog = verilog
  }
}

/// What a flow found.
public struct FlowResult: Codable, Sendable, Equatable {
  /// How much of something a network takes, and how much there is.
  public struct Amount: Codable, Sendable, Equatable {
    /// The resource's name in files, and in words.
    public var name, title: String
    public var value: Int
    public var limit: Int?

    /// What does not fit: `logic cells: 12 too many: needs 7692, has 7680`; `nil` where it fits.
    var overflow: String? {
      guard let limit, value > limit else { return nil }
      return "\(title): \(value - limit) too many: needs \(value), has \(limit)"
    }
  }

  /// A layer's cycles.
  public struct Layer: Codable, Sendable, Equatable {
    public var name: String
    public var cycles: Double
  }

  /// How it was found.
  public var method: String
  /// Whether the network was placed and routed.
  public var isPlaced: Bool
  /// Clock cycles of an image: least, mean and most.
  public var cycles: [Double]
  /// The clock by each tool that tells one; empty where the profile's is assumed.
  public var clocksMHz: [Double]
  public var amounts: [Amount]
  /// Constants and values in bytes.
  public var flashBytes, ramBytes: Int
  public var layers: [Layer]
  /// Images whose outputs were compared, and those that differed; `nil` where nothing was run.
  public var imagesRun, imagesUnequal: Int?
  /// What a reader should know of it.
  public var note: String?
  /// The outputs of the images that were run.
  public var outputs: [[Float]]
  /// The interval of a latency whose clock is assumed, divided by the latency.
  public var clockInterval: [Double]
}

extension ExternalTool {
  static let yosys = ExternalTool("yosys", package: "yosys")
  static let placer = ExternalTool("nextpnr-ice40", package: "nextpnr-ice40")
  static let timer = ExternalTool("icetime", package: "fpga-icestorm")
  static let verilator = ExternalTool("verilator", package: "verilator")
}

extension Setting where Owner: DeviceFlow {
  /// How many of something a device has, with its source.
  static func limit(_ name: String, _ path: WritableKeyPath<Owner, Sourced>, _ summary: String) -> Setting {
    Setting(name, path, expected: "\(Sourced.expectation), the number in 0...1e9", summary) {
      (0...1e9).contains($0.value)
    }
  }

  /// A factor with its source.
  static func factor(
    _ name: String, _ path: WritableKeyPath<Owner, Sourced>, in range: ClosedRange<Double>, _ summary: String
  ) -> Setting {
    Setting(
      name, path, expected: "\(Sourced.expectation), the number in \(range.lowerBound)...\(range.upperBound)",
      summary
    ) { range.contains($0.value) }
  }
}
