import Foundation

/// Chart.js, which draws the page's training curves, as the system has it installed.
public struct ChartLibrary: Sendable {
  /// The file that it was read from.
  public let path: String
  /// The script, ready to stand in a page.
  let script: String

  /// Where packages install it: Debian, and Node's global folders.
  public static let places = [
    "/usr/share/javascript/chart.js/chart.umd.min.js", "/usr/share/javascript/chart.js/chart.umd.js",
    "/usr/share/javascript/chart.js/chart.min.js", "/usr/share/javascript/chart.js/chart.js",
    "/usr/share/nodejs/chart.js/dist/chart.umd.js", "/usr/share/nodejs/chart.js/dist/chart.min.js",
    "/usr/local/lib/node_modules/chart.js/dist/chart.umd.js",
  ]

  /// How to get it.
  public static let remedy = "apt-get install libjs-chart.js"

  /// The first that can be read; `nil` where there is none.
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
