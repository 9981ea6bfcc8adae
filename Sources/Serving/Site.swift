public import Foundation
public import Reports
import Runs

/// A browser's request: the decoded parts of its path, and its query.
public struct SiteRequest: Sendable {
  /// The parts of the path, each percent-decoded.
  public var path: [String]
  /// The query by key.
  public var query: [String: String]

  /// Makes a request.
  public init(path: [String], query: [String: String] = [:]) {
    self.path = path
    self.query = query
  }
}

/// The answer to a request.
public enum SiteAnswer: Sendable {
  /// A text or file with its type and its content security policy.
  case content(Data, type: String, policy: String = Site.policy)
  /// A file for download, with a name.
  case download(path: String, name: String)
  /// The changes of a run as server-sent events.
  case events(run: String)
  /// Nothing at the address, with a message.
  case missing(String)
  /// A failure, with a message.
  case failed(String)
}

/// The pages about the runs in a folder, which is only read.
///
///     let site = Site(runs: "runs")
///     let answer = await site.answer(to: SiteRequest(path: ["run", "quickstart"]))
public actor Site {
  /// The content security policy of the site's pages: their own style, script and data only.
  ///
  /// A browser therefore never runs text from names or files as a program.
  public static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
  /// The policy of a report, which contains its scripts and is isolated from the site.
  static let reportPolicy = PageAssets.policy + "; frame-ancestors 'none'; sandbox allow-scripts"
  /// The largest size of a report's page in bytes.
  static let reportBytes = 2_000_000

  private let root: ClosedFolder
  private let charts: ChartLibrary?
  private let families: [String: String]
  private var ledgers: [String: (stamp: [Double], view: LedgerView?)] = [:]
  private var reports: [String: (stamp: [Double], report: RunReport)] = [:]
  private var pages: [String: (stamp: [Double], page: Data)] = [:]
  private var states: [String: (time: ContinuousClock.Instant, state: WatchedRun)] = [:]

  /// Makes the site of a folder that contains runs or is one.
  ///
  /// `charts` draws training curves, and `families` are the families of methods by name.
  public init(runs path: String, charts: ChartLibrary? = nil, families: [String: String] = [:]) {
    root = ClosedFolder(path)
    self.charts = charts
    self.families = families
  }

  /// The answer to a request.
  public func answer(to request: SiteRequest) -> SiteAnswer {
    switch (request.path.first, request.path.count) {
    case (nil, _): return page(SitePages.list(names.compactMap(state)))
    case ("assets", 2): return asset(request.path[1])
    case ("compare", 1): return comparison(request.query["a"], request.query["b"])
    case ("run", 2...): return run(request.path[1], Array(request.path.dropFirst(2)))
    default: return .missing("there is no such page")
    }
  }

  // MARK: Runs

  /// The names of the runs.
  var names: [String] {
    if RunReader.isRun(root) { return [URL(filePath: root.path).lastPathComponent] }
    return root.names.filter { !$0.hasPrefix(".") && root.folder($0).map(RunReader.isRun) == true }
  }

  private func reader(_ name: String) -> RunReader? {
    if RunReader.isRun(root) {
      return name == URL(filePath: root.path).lastPathComponent ? RunReader(name: name, folder: root) : nil
    }
    guard !name.hasPrefix("."), let folder = root.folder(name), RunReader.isRun(folder) else { return nil }
    return RunReader(name: name, folder: folder)
  }

  /// The state of a run; a state that was read within the last half second is returned again.
  func state(_ name: String) -> WatchedRun? {
    if let known = states[name], .now - known.time < .milliseconds(500) { return known.state }
    guard let reader = reader(name) else { return nil }
    if ledgers[name]?.stamp != reader.stamp { ledgers[name] = (reader.stamp, reader.ledger()) }
    let state = reader.state(ledgers[name]?.view)
    states[name] = (.now, state)
    return state
  }

  private func report(_ reader: RunReader) throws -> RunReport {
    if let known = reports[reader.name], known.stamp == reader.stamp { return known.report }
    if let link = reader.link {
      throw ReportError.unreadable(
        path: "\(reader.name)/\(link)", reason: "it is a link, which is not followed")
    }
    let stamp = reader.stamp
    let report = try RunFolder(path: reader.folder.path).report(families: families)
    reports[reader.name] = (stamp, report)
    return report
  }

  private func reportPage(_ reader: RunReader) throws -> Data {
    if let known = pages[reader.name], known.stamp == reader.stamp { return known.page }
    let stamp = reader.stamp
    let page = try report(reader).page(charts: charts, limit: Self.reportBytes)
    pages[reader.name] = (stamp, page)
    return page
  }

  private func run(_ name: String, _ path: [String]) -> SiteAnswer {
    guard let reader = reader(name) else { return .missing("there is no run of that name") }
    switch (path.first, path.count) {
    case (nil, _):
      guard let state = state(name) else { return .missing("there is no run of that name") }
      return page(SitePages.run(state, others: names.filter { $0 != name }))
    case ("state", 1): return json(state(name))
    case ("events", 1): return .events(run: name)
    case ("curve", 2):
      guard let epochs = reader.epochs(of: path[1]) else { return .missing("there is no such trial") }
      return json(epochs.map(CurvePoint.init))
    case ("model", 2):
      guard let model = reader.model(of: path[1]) else { return .missing("there is no such model") }
      return .download(path: model.path, name: model.name)
    case ("report", 1):
      return made {
        .content(try reportPage(reader), type: Self.html, policy: Self.reportPolicy)
      }
    case ("file", 2):
      guard let format = ReportFormat.all.first(where: { $0.standardName == path[1] && $0.name != "html" })
      else { return .missing("there is no such file") }
      return made {
        let type =
          ["json": "application/json", "svg": "image/svg+xml"][format.name] ?? "text/plain; charset=utf-8"
        return .content(try report(reader).bytes(of: format), type: type)
      }
    default: return .missing("there is no such page")
    }
  }

  private func comparison(_ first: String?, _ second: String?) -> SiteAnswer {
    let chosen = [first, second].compactMap(\.self)
    let readers = chosen.compactMap(reader)
    guard readers.count == chosen.count else { return .missing("there is no run of that name") }
    return made {
      page(SitePages.comparison(names, chosen, try readers.map(report).map(\.ranking)))
    }
  }

  // MARK: Answers

  static let html = "text/html; charset=utf-8"

  private func page(_ html: String) -> SiteAnswer { .content(Data(html.utf8), type: Self.html) }

  private func json(_ value: (some Encodable)?) -> SiteAnswer {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let value, let data = try? encoder.encode(value) else {
      return .missing("there is no such run")
    }
    return .content(data, type: "application/json")
  }

  private func asset(_ name: String) -> SiteAnswer {
    switch name {
    case "style.css": .content(Data(SiteAssets.style.utf8), type: "text/css; charset=utf-8")
    case "live.js": .content(Data(SiteAssets.script.utf8), type: "text/javascript; charset=utf-8")
    default: .missing("there is no such file")
    }
  }

  private func made(_ body: () throws -> SiteAnswer) -> SiteAnswer {
    do { return try body() } catch { return .failed("\(error)") }
  }
}

/// An epoch of a curve for the page's script.
private struct CurvePoint: Encodable {
  let stage: String?
  let loss, validationLoss, value, validation, rate: Double?

  init(_ record: EpochRecord) {
    stage = record.stage
    (loss, validationLoss, value) = (record.loss, record.validationLoss, record.value)
    (validation, rate) = (record.validation, record.rate)
  }
}
