import Comparison
import Foundation
import Settings
import Tensors

/// The folder of a fit: what was asked, what was decided, and what came of it, beside the files of its comparison.
struct FitFolder {
  let path: String

  /// The recipe that was decided on.
  var recipePath: String { path + "/recipe.yaml" }
  private var requestPath: String { path + "/request.json" }

  /// The recipe of an earlier call with the same request; `nil` where there was none.
  ///
  /// Another request in the same folder is refused: its trials would mix.
  func recipe(of request: FitRequest) throws -> String? {
    guard FileManager.default.fileExists(atPath: requestPath) else {
      guard !FileManager.default.fileExists(atPath: recipePath) else {
        throw CommandFailure(
          .usage, "\(path): holds another run, not of condense fit; give another --out")
      }
      return nil
    }
    let known = try SettingsNode(contentsOf: requestPath)
    guard known.canonicalJSON == request.node.canonicalJSON else {
      throw CommandFailure(
        .usage,
        "\(path): holds the fit of another request, \(known.canonicalJSON); found \(request.node.canonicalJSON); give another --out"
      )
    }
    return try RecipeFile.text(recipePath)
  }

  /// Writes the decision, then the request: a folder with a request has its recipe.
  func begin(_ request: FitRequest, _ plan: FitPlan) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try WholeFile.write(Array(plan.recipe.utf8), to: recipePath)
    try WholeFile.write(Array((request.node.prettyJSON + "\n").utf8), to: requestPath)
  }

  /// Copies the student's file to where the exports are.
  func keep(studentAt student: String) throws {
    let bytes = try Data(contentsOf: URL(filePath: student))
    try WholeFile.write([UInt8](bytes), to: path + "/export/student.condensed")
  }

  /// Writes what came of it.
  func finish(_ node: SettingsNode) throws {
    try WholeFile.write(Array((node.prettyJSON + "\n").utf8), to: path + "/fit.json")
  }
}
