public import Graphs
public import Settings
public import Targets

/// A format for networks that other programs read: one file for each format, and one line in
/// `ExporterCatalogue`.
///
///     let exporter = ONNXExporter()
///     let written = try exporter.export(model, to: "exported", ExportOptions())
///
/// An exporter is a pure function from a model to an artifact, which knows its files; `ExportFolder` writes
/// all of them or none. It first reports the nodes that it cannot write, by name and kind and from the
/// structure alone, so that a comparison can ask before anything is trained.
///
/// Variants of a format are settings of its exporter: `--set onnx.weights=signed`.
public protocol Exporter: NamedKind {
  /// The type of its artifacts.
  associatedtype Output: Artifact

  /// The name of files and symbols where the user gives none.
  static var defaultBaseName: String { get }

  /// The nodes that the format or this exporter cannot write, in the graph's order; empty where all can be
  /// written.
  ///
  /// Parameters may be missing: the result depends on ops, shapes and encodings alone.
  func refusals(of graph: Graph, _ options: ExportOptions) -> [NodeRefusal]
  /// The artifact of a verified model without refusals; equal models give equal bytes.
  func artifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> Output
  /// Throws `ExportError.missingTool` where `verify` would need a tool that is missing.
  func requireVerificationTools() throws(ExportError)
  /// Runs the exported files on images and compares the outputs with the model's; `nil` where the exporter
  /// cannot.
  func verify(
    _ written: WrittenExport<Output>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification?
}

/// The result of an exporter: its files, and typed facts about them, so that nothing has to be parsed from
/// their text.
public protocol Artifact: Sendable {
  /// The files, in the order in which they are listed.
  var files: [ExportFile] { get }
}

extension Exporter {
  /// The name, for an existential value.
  public var name: String { Self.name }
  /// The name `model`.
  public static var defaultBaseName: String { "model" }
  /// No settings, for formats without variants.
  public static var settings: [Setting<Self>] { [] }
  /// The default name of files, for an existential value.
  public var defaultBaseName: String { Self.defaultBaseName }

  /// Needs no tools by default.
  public func requireVerificationTools() throws(ExportError) {}

  /// Returns `nil`: no verification, for formats that only other programs run.
  public func verify(
    _ written: WrittenExport<Output>, of model: Model, on images: VerificationImages
  ) throws(ExportError) -> Verification? { nil }

  /// The artifact of a model; throws `ExportError.refused` for nodes that cannot be written.
  public func checkedArtifact(of model: Model, _ options: ExportOptions) throws(ExportError) -> Output {
    try requireForms(of: model.graph, options)
    return try artifact(of: model, options)
  }

  private func requireForms(of graph: Graph, _ options: ExportOptions) throws(ExportError) {
    let refusals = refusals(of: graph, options)
    guard refusals.isEmpty else { throw .refused(format: name, refusals) }
  }

  /// Writes a model into a folder that is new or empty; throws where nodes cannot be written, and then leaves
  /// no files.
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

/// The options of an export that all formats share.
public struct ExportOptions: Sendable {
  /// The hardware, for formats that depend on it; `nil` for none in particular.
  public var target: TargetProfile?
  /// The name of files and symbols, such as `model` in `model.onnx`: letters, digits and underscores.
  public var baseName: String

  /// Makes options.
  public init(target: TargetProfile? = nil, baseName: String = "model") {
    self.target = target
    self.baseName = baseName
  }
}

/// A node that cannot be written, with the reason.
public struct NodeRefusal: Sendable, Equatable, CustomStringConvertible {
  /// The node's name.
  public let node: String
  /// The kind of its op.
  public let kind: String
  /// The feature that the format lacks.
  public let reason: String

  /// Makes a refusal.
  public init(node: String, kind: String, reason: String) {
    self.node = node
    self.kind = kind
    self.reason = reason
  }

  /// The node, its kind and the reason.
  public var description: String { "\(node) (\(kind)): \(reason)" }
}

/// A file of an artifact.
public struct ExportFile: Sendable, Equatable {
  /// The file's name, without folders.
  public let name: String
  /// A short description of the file.
  public let summary: String
  /// The file's contents.
  public let bytes: [UInt8]

  /// Makes a file.
  public init(name: String, summary: String, bytes: [UInt8]) {
    self.name = name
    self.summary = summary
    self.bytes = bytes
  }
}
