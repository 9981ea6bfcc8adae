import Foundation
import Runs

/// A family of methods in a picture: its shape and its colour, each of which suffices to recognize it.
struct PictureFamily: Sendable, Equatable {
  /// The name, which is also the class of its elements.
  let name: String
  /// The outline around (0, 0) as an SVG path, about 5 units in each direction.
  let outline: String

  /// All families in the order of the legend; `other` is for methods of none.
  static let all = [
    PictureFamily(
      name: "teacher", outline: "M0-6.5L1.6-2.2 6.2-2 2.6.8 3.8 5.3 0 2.7-3.8 5.3-2.6.8-6.2-2-1.6-2.2z"),
    PictureFamily(name: "distillation", outline: "M-4.8 0a4.8 4.8 0 1 0 9.6 0a4.8 4.8 0 1 0-9.6 0z"),
    PictureFamily(name: "filters", outline: "M0-5.4L5.2 4.2H-5.2z"),
    PictureFamily(name: "factorization", outline: "M-4.4-4.4H4.4V4.4H-4.4z"),
    PictureFamily(name: "pruning", outline: "M0-6L6 0 0 6-6 0z"),
    PictureFamily(name: "quantization", outline: "M0 5.4L5.2-4.2H-5.2z"),
    PictureFamily(
      name: "combined", outline: "M-1.8-5.4H1.8V-1.8H5.4V1.8H1.8V5.4H-1.8V1.8H-5.4V-1.8H-1.8z"),
    PictureFamily(name: "other", outline: "M-2.4-5.2H2.4L5.2 0 2.4 5.2H-2.4L-5.2 0z"),
    PictureFamily(name: "control", outline: "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z"),
  ]

  /// The family of a row: that of the methods that changed its network, or `combined` for several.
  ///
  /// Most rows are trained by a teacher and end as integers. So a row has the family distillation only if no
  /// method changed its network, and quantization only if nothing else was done to it.
  static func of(_ row: Ranking.Row, in report: RunReport) -> PictureFamily {
    let families = Set(row.methods.map { report.families[$0] ?? "other" })
    let changes = families.subtracting(["distillation", "quantization"])
    let name: String
    if row.role != "student" {
      name = row.role
    } else if changes.isEmpty {
      name = families.contains("distillation") ? "distillation" : families.first ?? "other"
    } else {
      name = changes.count > 1 ? "combined" : changes.first ?? "other"
    }
    return all.first { $0.name == name } ?? all[7]
  }
}
