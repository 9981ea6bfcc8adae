import FlyingFox
import FlyingSocks
import Foundation

/// A server of a site over HTTP, which controls who may read and answers nothing but reads.
///
///     let server = try SiteServer(Site(runs: "runs"), host: "127.0.0.1", port: 8080, token: nil)
///     try await server.run { print("http://127.0.0.1:\($0)/") }
public struct SiteServer: Sendable {
  /// The reason why a server cannot be made or has ended.
  public enum Failure: Error, Sendable, CustomStringConvertible {
    /// A host that is not an address of this machine.
    case host(String)
    /// An address that cannot be listened on.
    case address(host: String, port: UInt16, reason: String)

    /// The message: *where: what was found, and what to do*.
    public var description: String {
      switch self {
      case .host(let host):
        "--host: \"\(host)\" is no address of this machine; give a number such as 127.0.0.1, ::1 or 0.0.0.0, or localhost"
      case .address(let host, let port, let reason):
        "\(host):\(port): cannot be listened on: \(reason); another program may hold the port, take another --port"
      }
    }
  }

  private let site: Site
  private let host: String
  private let port: UInt16
  private let token: String?

  /// Makes the server of a site.
  ///
  /// Port 0 takes a free one. Requests need `token`; `nil` lets every program of this machine read.
  public init(_ site: Site, host: String, port: UInt16, token: String?) {
    self.site = site
    self.host = host
    self.port = port
    self.token = token
  }

  /// True if an address can be reached from this machine only.
  public static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host == "::1"
      || (host.hasPrefix("127.") && (try? sockaddr_in.inet(ip4: host, port: 1)) != nil)
  }

  /// Serves until its task is cancelled; `ready` receives the port.
  public func run(ready: @Sendable @escaping (UInt16) -> Void) async throws {
    let handler = Handler(site: site, token: token, names: names)
    let server = HTTPServer(config: try configuration(), handler: handler)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await server.run()
        } catch is CancellationError {
          return
        } catch {
          if Task.isCancelled { return }
          throw Failure.address(host: host, port: port, reason: "\(error)")
        }
      }
      group.addTask {
        try await server.waitUntilListening()
        switch await server.listeningAddress {
        case .ip4(_, let port), .ip6(_, let port): ready(port)
        default: break
        }
      }
      while try await group.next() != nil {}
    }
  }

  private func configuration() throws -> HTTPServer.Configuration {
    func made(_ address: some SocketAddress) -> HTTPServer.Configuration {
      // The report of a large run takes some time.
      HTTPServer.Configuration(address: address, timeout: 300, logger: .disabled)
    }
    let number = host == "localhost" ? "127.0.0.1" : host
    if number.contains(":") {
      guard let address = try? sockaddr_in6.inet6(ip6: number, port: port) else { throw Failure.host(host) }
      return made(address)
    }
    guard let address = try? sockaddr_in.inet(ip4: number, port: port) else { throw Failure.host(host) }
    return made(address)
  }

  /// The host names that a browser may use for a server without a token.
  ///
  /// Otherwise a page of another site could reach the server under a name that resolves to this machine (DNS
  /// rebinding).
  private var names: Set<String> {
    ["localhost", "127.0.0.1", "[::1]", host.contains(":") ? "[\(host)]" : host]
  }
}

/// Answers HTTP requests.
private struct Handler: HTTPHandler {
  let site: Site
  let token: String?
  let names: Set<String>

  /// The name of the token in queries and cookies.
  private static let key = "token"

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    guard request.method == .GET || request.method == .HEAD else {
      return answer(.methodNotAllowed, "This server is only read.", [.init("Allow"): "GET, HEAD"])
    }
    let query = Dictionary(request.query.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    if let refusal = refusal(request, query) { return refusal }
    let path = request.target.path().split(separator: "/").map { $0.removingPercentEncoding ?? "" }
    let response = await response(to: SiteRequest(path: path, query: query))
    return request.method == .HEAD ? withoutBody(response) : response
  }

  // MARK: Who may read

  /// The answer to a request that may not read, or must be redirected; `nil` for one that may read.
  private func refusal(_ request: HTTPRequest, _ query: [String: String]) -> HTTPResponse? {
    guard let token else {
      let host = request.headers[.host] ?? ""
      let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
      guard names.contains(name.lowercased()) else {
        return answer(.misdirectedRequest, "This server is not reached by that name.")
      }
      return nil
    }
    if let given = query[Self.key], Self.isEqual(given, token) {
      // The redirection keeps the token out of the browser's history and of referrers.
      return answer(
        .seeOther, "",
        [
          .location: "/" + request.target.path().drop { $0 == "/" },
          .setCookie: "\(Self.key)=\(token); Path=/; HttpOnly; SameSite=Strict",
        ])
    }
    let bearer = request.headers[.authorization].flatMap {
      $0.hasPrefix("Bearer ") ? String($0.dropFirst(7)) : nil
    }
    let cookies = (request.headers[.cookie] ?? "").split(separator: ";").compactMap { cookie -> String? in
      let parts = cookie.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      return parts.count == 2 && parts[0] == Self.key ? parts[1] : nil
    }
    guard ([bearer].compactMap(\.self) + cookies).contains(where: { Self.isEqual($0, token) }) else {
      return answer(.unauthorized, "Open the address that the server printed: it holds the token.")
    }
    return nil
  }

  /// Compares in constant time, which does not reveal the position of a difference.
  private static func isEqual(_ given: String, _ token: String) -> Bool {
    let (first, second) = (Array(given.utf8), Array(token.utf8))
    guard first.count == second.count else { return false }
    return zip(first, second).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
  }

  // MARK: Answers

  private func response(to request: SiteRequest) async -> HTTPResponse {
    switch await site.answer(to: request) {
    case .content(let data, let type, let policy):
      return HTTPResponse(statusCode: .ok, headers: headers(type, policy: policy), body: data)
    case .download(let path, let name):
      guard let body = try? HTTPBodySequence(file: URL(filePath: path), suggestedBufferSize: 1 << 16) else {
        return answer(.notFound, "There is no such file.")
      }
      var headers = headers("application/octet-stream")
      headers[.contentDisposition] = "attachment; filename=\"\(Self.plain(name))\""
      return HTTPResponse(statusCode: .ok, headers: headers, body: body)
    case .events(let run):
      return HTTPResponse(
        statusCode: .ok, headers: headers("text/event-stream"),
        body: HTTPBodySequence(from: RunEvents(site: site, run: run)))
    case .missing(let words): return answer(.notFound, words)
    case .failed(let words): return answer(.internalServerError, words)
    }
  }

  private func answer(
    _ status: HTTPStatusCode, _ words: String, _ more: [HTTPHeader: String] = [:]
  ) -> HTTPResponse {
    var headers = headers(Site.html)
    for (name, value) in more { headers[name] = value }
    return HTTPResponse(
      statusCode: status, headers: headers, body: Data(SitePages.message(status.phrase, words).utf8))
  }

  private func headers(_ type: String, policy: String = Site.policy) -> HTTPHeaders {
    [
      .contentType: type, .cacheControl: "no-store", .init("Content-Security-Policy"): policy,
      .init("X-Content-Type-Options"): "nosniff", .init("Referrer-Policy"): "no-referrer",
      .init("Cross-Origin-Resource-Policy"): "same-origin",
    ]
  }

  private func withoutBody(_ response: HTTPResponse) -> HTTPResponse {
    var response = response
    if case .httpBody(let body) = response.payload, let count = body.count {
      response.headers[.contentLength] = "\(count)"
    }
    response.payload = .httpBody(HTTPBodySequence())
    return response
  }

  /// A file's name for a header; characters that are special there or not ASCII become dashes.
  private static func plain(_ name: String) -> String {
    String(
      name.unicodeScalars.map { scalar in
        let isPlain =
          scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            || "-_.~".unicodeScalars.contains(scalar))
        return isPlain ? Character(scalar) : "-"
      })
  }
}
