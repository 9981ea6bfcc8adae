/// The texts of the page that are files of this module, built into the program.
package enum PageAssets {
  /// How the page looks.
  package static let style = pictureStyle + text(PackageResources.page_css)

  /// How pictures look, with the colours that they take.
  static let pictureStyle = text(PackageResources.palette_css) + text(PackageResources.picture_css)

  /// What the page may load: nothing.
  package static let policy = text(PackageResources.policy_txt)

  /// The scripts in the order in which they run: one more section is one file and one line here.
  static let scripts = [
    PackageResources.page_js, PackageResources.ranking_js, PackageResources.tradeoffs_js,
    PackageResources.curves_js, PackageResources.classification_js, PackageResources.detection_js,
    PackageResources.student_js, PackageResources.comparisons_js, PackageResources.start_js,
  ].map(text).joined(separator: "\n")

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
