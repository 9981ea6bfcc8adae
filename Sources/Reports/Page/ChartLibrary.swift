import Foundation

/// Chart.js in the system's installation, which draws the page's training curves.
public struct ChartLibrary: Sendable {
  /// The path of the file.
  public let path: String
  /// The script, safe for inclusion in a page.
  let script: String

  /// The paths where packages install it: Debian's, and Node's global folders.
  public static let places = [
    "/usr/share/javascript/chart.js/chart.umd.min.js", "/usr/share/javascript/chart.js/chart.umd.js",
    "/usr/share/javascript/chart.js/chart.min.js", "/usr/share/javascript/chart.js/chart.js",
    "/usr/share/nodejs/chart.js/dist/chart.umd.js", "/usr/share/nodejs/chart.js/dist/chart.min.js",
    "/usr/local/lib/node_modules/chart.js/dist/chart.umd.js",
  ]

  /// The command that installs it.
  public static let remedy = "apt-get install libjs-chart.js"

  /// The first file that can be read; `nil` if there is none.
  public static func find(in places: [String] = places) -> ChartLibrary? {
    for path in places {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { continue }
      let script = text.replacing(/<\/script/.ignoresCase(), with: "<\\/script").replacing(
        "<!--", with: "<\\!--")
      return ChartLibrary(path: path, script: script)
    }
    return nil
  }
}
