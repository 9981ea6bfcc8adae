public import Settings

/// The formats that networks are exported to.
public enum ExporterCatalogue: Catalogue {
  /// The exporters; one more is one line here.
  public static let all: [any Exporter.Type] = [
    ONNXExporter.self, TFLiteExporter.self, CExporter.self, VerilogExporter.self,
  ]
  /// The exporters as kinds with names.
  public static var kinds: [any NamedKind.Type] { all }

  /// The kind as an exporter; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any Exporter)? { kind as? any Exporter }

  /// The exporter of a format with its default settings.
  public static func exporter(_ name: String) throws(ExportError) -> any Exporter { try type(name).init() }

  /// The exporter of a format with settings on top of its defaults, each a mapping.
  public static func exporter(_ name: String, settings: [SettingsNode]) throws -> any Exporter {
    try made(try type(name), settings)
  }

  private static func made<E: Exporter>(
    _ type: E.Type, _ settings: [SettingsNode]
  ) throws(SettingsError) -> any Exporter {
    var exporter = E()
    for node in settings { try exporter.update(from: node, owner: E.name) }
    return exporter
  }

  private static func type(_ name: String) throws(ExportError) -> any Exporter.Type {
    guard let type = type(named: name) else {
      throw .unknownFormat(name, known: names, suggestion: suggestion(for: name))
    }
    return type
  }
}
