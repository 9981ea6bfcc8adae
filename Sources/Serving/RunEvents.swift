import FlyingFox
import FlyingSocks
import Foundation

/// The changes of a run as server-sent events, for as long as someone reads them.
struct RunEvents: AsyncBufferedSequence {
  typealias Element = UInt8

  let site: Site
  let run: String

  func makeAsyncIterator() -> Iterator { Iterator(site: site, run: run) }

  struct Iterator: AsyncBufferedIteratorProtocol {
    typealias Buffer = [UInt8]

    private let site: Site
    private let run: String
    private var known: WatchedRun?
    private var lastSent = ContinuousClock.now

    fileprivate init(site: Site, run: String) {
      self.site = site
      self.run = run
    }

    /// The interval at which a run is read.
    private static let patience = Duration.seconds(1)
    // After this silence a sign of life is sent, which fails if the reader has gone.
    private static let silence = Duration.seconds(10)

    mutating func next() async throws -> UInt8? {
      // The body is only read in buffers.
      nil
    }

    mutating func nextBuffer(suggested count: Int) async throws -> [UInt8]? {
      while true {
        guard let state = await site.state(run) else { return nil }
        if state != known {
          let event = try RunChange(from: known, to: state).event
          (known, lastSent) = (state, .now)
          return Array(event.utf8)
        }
        if .now - lastSent > Self.silence {
          lastSent = .now
          return Array(": \n\n".utf8)
        }
        try await Task.sleep(for: Self.patience)
      }
    }
  }
}

/// The changes of a run: trials with another state, and the keys of those that are gone.
struct RunChange: Encodable {
  let isActive: Bool
  let trials: [WatchedTrial]
  let gone: [[String]]

  init(from old: WatchedRun?, to new: WatchedRun) {
    let before = Dictionary((old?.trials ?? []).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    isActive = new.isActive
    trials = new.trials.filter { before[$0.key] != $0 }
    gone = Set(before.keys).subtracting(new.trials.map(\.key)).sorted { $0.lexicographicallyPrecedes($1) }
  }

  /// The event as it is sent; JSON has no line ends that could end it early.
  var event: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return "event: run\ndata: \(String(decoding: try encoder.encode(self), as: UTF8.self))\n\n"
    }
  }
}

extension WatchedTrial {
  /// The key of a trial within its run, the same before and after it begins.
  var key: [String] { [role == "candidate" ? id : "", name, seed] }
}
