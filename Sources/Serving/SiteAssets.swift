import Reports

/// The site's style and script, which are built into the program.
enum SiteAssets {
  /// The report's style with the site's additions.
  static let style = PageAssets.style + text(PackageResources.site_css)
  static let script = text(PackageResources.live_js)

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
