public import Settings

/// How a value that flows between nodes is represented on the device: real unless the graph says otherwise.
///
/// In training and in simulated inference the value is replaced by its projection, and gradients pass straight through
/// where the value was within range (Bengio et al. 2013, arXiv:1308.3432).
public protocol ValueEncoding: Configurable, Sendable {
  /// The name in files: `integer`; never renamed.
  static var kind: String { get }
  /// Bits of an element.
  var bits: Int { get }
  /// The least and the greatest value that can be represented; elements outside are clamped and pass no gradient.
  var range: ClosedRange<Float> { get }
  /// Writes the projections of `values` to `projected`, element by element; zero must map to zero.
  func project(_ values: Span<Float>, into projected: inout MutableSpan<Float>)
  /// Refuses settings that make no sense together, as a file may hold them; words of what is wrong.
  var problem: String? { get }
}

extension ValueEncoding {
  /// The kind, reachable from an existential.
  public var kind: String { Self.kind }
  /// The settings, reachable from an existential.
  public var settingsNode: SettingsNode { node }
  /// Whether two value encodings are of one kind with equal settings.
  public func isEqual(to other: any ValueEncoding) -> Bool {
    kind == other.kind && settingsNode.canonicalJSON == other.settingsNode.canonicalJSON
  }
}

/// The kinds of encoding that a file may name. A value and no `Catalogue`, as `OpCatalogue` is.
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

  /// No encodings: what files of plain floats may name.
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
