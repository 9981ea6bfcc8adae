public import Graphs
public import Settings
public import Targets

/// Writes networks in a format that other programs read: one file a format, and a line in `ExporterCatalogue`.
///
/// An exporter is a pure function from model to an artifact, which knows its files; `ExportFolder` puts them on the disk, all or none. What it cannot
/// write it names first, by node and kind, from the structure alone: a comparison can ask before anything is trained.
///
/// What a format can be written like is a `Setting` of its exporter: `--set onnx.weights=signed`.
///
///     let exporter = ONNXExporter()
///     let written = try exporter.export(model, to: "exported", ExportOptions())
public protocol Exporter: NamedKind {
  /// What it makes.
  associatedtype Output: Artifact

  /// The name of files and symbols where the user gives none.
  static var defaultBaseName: String { get }

  /// The nodes that the format or this exporter has no form for, in the graph's order; empty where all can be written.
  ///
  /// Parameters may be missing: only ops, shapes and encodings are asked about.
  func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal]
  /// The artifact of a verified model that nothing was refused of; equal models give equal bytes.
  func artifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> Output
  /// Throws `ExportError.missingTool` where `verify` would need a tool that is not there.
  func requireVerificationTools() throws(ExportError)
  /// Runs what was written on images and compares with the model; `nil` where this exporter has no way to.
  func verify(
    _ written: WrittenExport<Output>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification?
}

/// What an exporter makes: files, and what whoever takes them must know, so that nobody reads it out of their text.
public protocol Artifact: Sendable {
  /// The files, in the order in which they are told.
  var files: [ExportFile] { get }
}

extension Exporter {
  /// The name, reachable from an existential.
  public var name: String { Self.name }
  public static var defaultBaseName: String { "model" }
  /// No settings: the default of formats that are written in one way.
  public static var settings: [Setting<Self>] { [] }
  /// The default name, reachable from an existential.
  public var defaultBaseName: String { Self.defaultBaseName }

  /// Nothing is needed.
  public func requireVerificationTools() throws(ExportError) {}

  /// Cannot verify: the default of formats that only other programs run.
  public func verify(
    _ written: WrittenExport<Output>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification? { nil }

  /// Refuses what cannot be written, then makes the artifact.
  public func checkedArtifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> Output {
    try requireForms(of: model.graph, options)
    return try artifact(of: model, options)
  }

  private func requireForms(of graph: Graph, _ options: ExportOptions) throws(ExportError) {
    let refusals = refusals(of: graph, options)
    guard refusals.isEmpty else { throw .refused(format: name, refusals) }
  }

  /// Refuses what cannot be written, then writes all files into a folder that is new or empty, or none.
  public func export(
    _ model: Model, to folder: String, _ options: ExportOptions
  ) throws -> WrittenExport<Output> {
    try located(name) { try ModelFile.check(model, file: "model") }
    try requireForms(of: model.graph, options)
    try ExportFolder.requireFree(folder)
    let artifact = try artifact(of: model, options)
    try ExportFolder.write(artifact.files, to: folder)
    return WrittenExport(artifact: artifact, folder: folder)
  }
}

/// What an export is made for.
public struct ExportOptions: Sendable {
  /// The hardware, for formats that are written differently for each; `nil` for none in particular.
  public var target: TargetProfile?
  /// The name of files and symbols, such as `model` in `model.onnx`: letters, digits and underscores.
  public var baseName: String

  /// Makes options.
  public init(target: TargetProfile? = nil, baseName: String = "model") {
    self.target = target
    self.baseName = baseName
  }
}

/// A node that cannot be written, and why.
public struct NodeRefusal: Sendable, Equatable, CustomStringConvertible {
  /// The node's name.
  public let node: String
  /// The kind of its op.
  public let kind: String
  /// What the format lacks.
  public let reason: String

  /// Makes a refusal.
  public init(node: String, kind: String, reason: String) {
    self.node = node
    self.kind = kind
    self.reason = reason
  }

  /// Node, kind and reason.
  public var description: String { "\(node) (\(kind)): \(reason)" }
}

/// A file that an exporter made.
public struct ExportFile: Sendable, Equatable {
  /// Its name in the folder, without folders.
  public let name: String
  /// What it is, in a few words.
  public let summary: String
  /// What it holds.
  public let bytes: [UInt8]

  /// Makes a file.
  public init(name: String, summary: String, bytes: [UInt8]) {
    self.name = name
    self.summary = summary
    self.bytes = bytes
  }
}
