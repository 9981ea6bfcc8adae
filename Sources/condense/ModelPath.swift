import Foundation
import Recipes
import Runs
import Settings
import Trials

/// The file for a name that a user gives for a model.
enum ModelPath {
  /// The path of the model file.
  ///
  /// `RUN/ROW`, a row of a run's ranking such as `runs/quickstart/int8`, means the file of its first seed. A
  /// trial's folder means the model file in it. Any other text is a path.
  static func resolved(_ name: String) throws -> String {
    let files = FileManager.default
    let inside = [TrialFolder.teacher, TrialFolder.student].map { name + "/" + $0 }
    if let file = inside.first(where: files.fileExists) { return file }
    guard !files.fileExists(atPath: name), let slash = name.lastIndex(of: "/") else { return name }
    let (run, row) = (String(name[..<slash]), String(name[name.index(after: slash)...]))
    let ranking = run + "/" + Ranking.fileName
    guard files.fileExists(atPath: ranking) else { return name }
    let rows = try failing(.badInput) { try Self.rows(of: ranking) }
    guard let model = rows.first(where: { $0.name == row })?.model else {
      let hint = Spelling.nearest(to: row, among: rows.map(\.name)).map { "; did you mean \"\($0)\"?" } ?? ""
      throw CommandFailure(.badInput, "\(name): neither a file nor a row of \(ranking)\(hint)")
    }
    return model.hasPrefix("/") ? model : run + "/" + model
  }

  private static func rows(of path: String) throws -> [(name: String, model: String)] {
    let text = try RecipeFile.text(path)
    let ranking = try SettingsNode(json: text, source: path)
    let teacher = ranking["teacher"].flatMap { $0.content == .null ? nil : $0 }
    let nodes =
      try ranking.required("students", of: "a ranking").list("students") + [teacher].compactMap(\.self)
    return try nodes.map { row in
      (
        try row.required("name", of: "a row").string("name"),
        try row.required("model", of: "a row").string("model")
      )
    }
  }
}
