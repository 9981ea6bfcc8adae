/// The page's resource files, which are built into the program.
package enum PageAssets {
  /// The style of the page.
  package static let style = pictureStyle + text(PackageResources.page_css)

  /// The style and the colours of pictures.
  static let pictureStyle = text(PackageResources.palette_css) + text(PackageResources.picture_css)

  /// The content security policy, which lets the page load nothing.
  package static let policy = text(PackageResources.policy_txt)

  /// The scripts in the order in which they run; one more section is one file and one line here.
  static let scripts = [
    PackageResources.page_js, PackageResources.ranking_js, PackageResources.tradeoffs_js,
    PackageResources.curves_js, PackageResources.classification_js, PackageResources.detection_js,
    PackageResources.student_js, PackageResources.comparisons_js, PackageResources.start_js,
  ].map(text).joined(separator: "\n")

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
