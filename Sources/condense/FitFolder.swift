import Comparison
import Foundation
import Settings
import Tensors

/// The folder of a fit: the request, the decided recipe and the result, beside the files of the comparison.
struct FitFolder {
  let path: String

  /// The path of the decided recipe.
  var recipePath: String { path + "/recipe.yaml" }
  private var requestPath: String { path + "/request.json" }

  /// The recipe of an earlier call with the same request; `nil` if there was none.
  ///
  /// A different request in the same folder is refused, because its trials would mix with the earlier ones.
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

  /// Writes the recipe first and the request second, so that a folder with a request always has its recipe.
  func begin(_ request: FitRequest, _ plan: FitPlan) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try WholeFile.write(Array(plan.recipe.utf8), to: recipePath)
    try WholeFile.write(Array((request.node.prettyJSON + "\n").utf8), to: requestPath)
  }

  /// Copies the student's file to the folder of the exports.
  func keep(studentAt student: String) throws {
    let bytes = try Data(contentsOf: URL(filePath: student))
    try WholeFile.write([UInt8](bytes), to: path + "/export/student.condensed")
  }

  /// Writes the result as `fit.json`.
  func finish(_ node: SettingsNode) throws {
    try WholeFile.write(Array((node.prettyJSON + "\n").utf8), to: path + "/fit.json")
  }
}
