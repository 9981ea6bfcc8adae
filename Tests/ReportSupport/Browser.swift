import Foundation
import Testing

/// Headless Chromium, if it is installed.
enum Browser {
  private static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  /// True if tests may use it; continuous integration requires it, so there a missing browser makes tests
  /// fail.
  static var mayBeAsked: Bool { path != nil || ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil }

  /// The color scheme of the reader's system.
  enum Scheme: Int, CaseIterable {
    case dark = 0
    case light = 1
  }

  /// The elements of a served page after it has loaded, without waiting for later requests.
  static func elements(at address: String, width: Int = 1280) throws -> String {
    let profile = FileManager.default.temporaryDirectory.path() + "/condense-browser-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: profile) }
    return try run(
      address, profile: profile, width, 2_400, .light, ["--timeout=20000", "--dump-dom"])
  }

  /// The elements of a page after its scripts have run.
  static func elements(of page: String, width: Int = 1280, scheme: Scheme = .light) throws -> String {
    try run(
      "file://" + page, profile: page + ".profile", width, 2_400, scheme,
      ["--virtual-time-budget=4000", "--dump-dom"])
  }

  /// Writes a screenshot of the page.
  static func picture(of page: String, width: Int, height: Int, scheme: Scheme, to path: String) throws {
    _ = try run(
      "file://" + page, profile: page + ".profile", width, height, scheme,
      ["--virtual-time-budget=4000", "--screenshot=\(path)", "--hide-scrollbars"])
  }

  private static func run(
    _ address: String, profile: String, _ width: Int, _ height: Int, _ scheme: Scheme, _ arguments: [String]
  ) throws -> String {
    let path = try #require(path, "chromium is missing: make deps-report")
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments =
      [
        "--kill-after=5", "120", path, "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage",
        "--window-size=\(width),\(height)", "--blink-settings=preferredColorScheme=\(scheme.rawValue)",
        "--user-data-dir=\(profile)",
      ] + arguments + [address]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self)
  }
}
