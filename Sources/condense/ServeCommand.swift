import ArgumentParser
import Foundation
import Reports
import Serving
import Settings
import Simulation

/// The command `condense serve`: shows runs in a browser, during and after them.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract:
      "Show runs in a browser: progress and curves while they go, rankings, two runs compared, models to download.",
    discussion: """
      Nothing is written, and no link leads out of a run. Programs of this machine alone can read it; with another --host a token is
      asked for, which is drawn where none is given and stands in the printed address. The connection is not encrypted: from another
      machine, `ssh -L 8080:localhost:8080 HOST` is safer than --host. Ctrl-C ends it.
      """)

  @Argument(help: "A folder of runs, or the directory of one.")
  var runs = "runs"

  @Option(help: "The address to listen on: 127.0.0.1, ::1, 0.0.0.0 for all.")
  var host = "127.0.0.1"

  @Option(help: "The port; 0 takes a free one.")
  var port: UInt16 = 8080

  @Option(
    help:
      "The token that readers must give; also read from CONDENSE_TOKEN, which other users of the machine do not see."
  )
  var token: String?

  func validate() throws {
    if let token, token.count < 8 || !token.utf8.allSatisfy(Self.isPlain) {
      throw ValidationError("--token must be of 8 or more letters, digits, - and _")
    }
  }

  func run() throws {
    guard FileManager.default.fileExists(atPath: runs + "/.") else {
      throw CommandFailure(
        .badInput, "\(runs): no such folder; give the one that holds runs, or a run's directory")
    }
    let token = try chosenToken()
    let server = SiteServer(
      Site(runs: runs, charts: ChartLibrary.find(), families: ReportCommand.families), host: host, port: port,
      token: token)
    let signals = StopSignals()
    let name = Self.name(host)
    try failing(.badInput) {
      try AsyncWork.wait {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            try await server.run { port in
              let query = token.map { "?token=\($0)" } ?? ""
              Console.print("http://\(name):\(port)/\(query)")
              Console.note("serving \(runs); Ctrl-C ends it")
            }
          }
          group.addTask {
            while !signals.isStopping { try await Task.sleep(for: .milliseconds(100)) }
          }
          try await group.next()
          group.cancelAll()
          while let ended = await group.nextResult() { _ = ended }
        }
      }
    }
  }

  /// The name by which browsers reach the server.
  private static func name(_ host: String) -> String {
    if host == "0.0.0.0" || host == "::" { return ProcessInfo.processInfo.hostName }
    return host.contains(":") ? "[\(host)]" : host
  }

  /// The token that readers must give; `nil` on the loopback address unless the user asks for one.
  private func chosenToken() throws -> String? {
    let given = token ?? ProcessInfo.processInfo.environment["CONDENSE_TOKEN"]
    if let given {
      guard given.count >= 8, given.utf8.allSatisfy(Self.isPlain) else {
        throw CommandFailure(.usage, "CONDENSE_TOKEN must be of 8 or more letters, digits, - and _")
      }
      return given
    }
    if SiteServer.isLoopback(host) { return nil }
    // The token is a secret and no result, so it must not follow from a seed.
    var system = SystemRandomNumberGenerator()
    return (0..<32).map { _ in String(UInt8.random(in: 0..<16, using: &system), radix: 16) }.joined()
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
    default: false
    }
  }
}
