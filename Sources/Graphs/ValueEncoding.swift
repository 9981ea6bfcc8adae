public import Settings

/// The representation of a value between nodes on a device: real numbers unless the graph says otherwise.
///
/// In training and in simulated inference, the value is replaced by its projection. Gradients pass straight
/// through where the value is in range (Bengio et al., 2013, arXiv:1308.3432).
public protocol ValueEncoding: Configurable, Sendable {
  /// The name in files: `integer`; never renamed.
  static var kind: String { get }
  /// Bits of an element.
  var bits: Int { get }
  /// The least and the greatest value that can be represented; elements outside are clamped and pass no
  /// gradient.
  var range: ClosedRange<Float> { get }
  /// Writes the projections of `values` to `projected`, element by element; zero maps to zero.
  func project(_ values: Span<Float>, into projected: inout MutableSpan<Float>)
  /// The reason for which the settings make no sense together; `nil` if they do.
  ///
  /// A file may hold any settings.
  var problem: String? { get }
  /// The grid of the numbers; `nil` for numbers on none.
  var grid: ValueGrid? { get }
}

extension ValueEncoding {
  /// No grid by default.
  public var grid: ValueGrid? { nil }
  /// The kind, reachable from an existential.
  public var kind: String { Self.kind }
  /// The settings, reachable from an existential.
  public var settingsNode: SettingsNode { node }
  /// True if two value encodings are of one kind with equal settings.
  public func isEqual(to other: any ValueEncoding) -> Bool {
    kind == other.kind && settingsNode.canonicalJSON == other.settingsNode.canonicalJSON
  }
}

/// The kinds of encoding that a file may name.
///
/// It is a value and no `Catalogue`, like `OpCatalogue`.
public struct EncodingCatalogue: Sendable {
  /// The encodings of parameters, in the order of documentation.
  public let parameters: [any Encoding.Type]
  /// The encodings of values, in the order of documentation.
  public let values: [any ValueEncoding.Type]

  /// Makes a catalogue.
  public init(parameters: [any Encoding.Type], values: [any ValueEncoding.Type]) {
    self.parameters = parameters
    self.values = values
  }

  /// No encodings, as in files of plain floats.
  public static let none = EncodingCatalogue(parameters: [], values: [])

  /// The parameter encoding of a kind; `nil` for an unknown kind.
  public func parameter(kind: String) -> (any Encoding.Type)? { parameters.first { $0.kind == kind } }

  /// The value encoding of a kind with settings read from a mapping; `nil` for an unknown kind.
  public func value(kind: String, settings: SettingsNode) throws(SettingsError) -> (any ValueEncoding)? {
    guard let type = values.first(where: { $0.kind == kind }) else { return nil }
    return try make(type, settings)
  }

  private func make<V: ValueEncoding>(
    _ type: V.Type, _ settings: SettingsNode
  ) throws(SettingsError) -> any ValueEncoding {
    try V(from: settings, owner: V.kind)
  }
}
