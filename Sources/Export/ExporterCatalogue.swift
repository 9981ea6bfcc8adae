import Settings

/// The formats that networks are exported to: one line each.
public enum ExporterCatalogue {
  /// The exporters in the order of documentation.
  public static let types: [any Exporter.Type] = [ONNXExporter.self, TFLiteExporter.self, CExporter.self]

  /// The names of all formats.
  public static var names: [String] { types.map { $0.name } }

  /// The exporter of a format.
  public static func exporter(_ name: String) throws(ExportError) -> any Exporter {
    guard let type = types.first(where: { $0.name == name }) else {
      throw .unknownFormat(name, known: names, suggestion: Spelling.nearest(to: name, among: names))
    }
    return type.init()
  }
}
