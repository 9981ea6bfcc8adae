/// The links of an archive, resolved inside it.
///
/// A link to a member stands for that member, and a link to a folder for the members below it. Links to links
/// and through links are followed. Links that leave the archive, form a circle or lead to nothing stay
/// refused.
public struct LinkedMembers: Sendable, Equatable {
  /// Another name for a member.
  public struct Link: Sendable, Equatable {
    /// The name that the link gives.
    public let path: String
    /// The member's own name.
    public let member: String
  }

  /// The names that links add: first links to members, then links to folders, each in stored order.
  public private(set) var links: [Link] = []
  /// The entries that stay skipped.
  public private(set) var refused: [RefusedMember] = []

  /// The most links of a chain.
  private static let longestChain = 40
  /// The most names that links may add, so that a few bytes cannot stand for endlessly many images.
  public static let maximumLinks = 1_000_000

  /// Resolves the links among `entries` to members with the given names.
  ///
  /// Links to members come first, then links to folders. Such folders may hold links to members, and links to
  /// folders.
  public init(_ entries: [RefusedMember], among members: [String]) {
    guard entries.contains(where: { $0.target != nil }) else {
      refused = entries
      return
    }
    var targets: [String: String] = [:]
    for entry in entries {
      guard let target = entry.target, let path = Self.path(of: entry), targets[path] == nil else { continue }
      targets[path] = target
    }
    var known = Dictionary(members.map { ($0, $0) }, uniquingKeysWith: { first, _ in first })
    var resolved: Set<String> = []
    for round in 0...Self.nestedFolders {
      let sorted = known.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      for entry in entries where entry.target != nil {
        guard let path = Self.path(of: entry), known[path] == nil, let end = Self.end(of: path, targets)
        else {
          continue
        }
        let found =
          round == 0
          ? known[end].map { [Link(path: path, member: $0)] } ?? [] : Self.below(end, sorted, as: path)
        guard !found.isEmpty, links.count + found.count <= Self.maximumLinks else { continue }
        resolved.insert(entry.path)
        for link in found where known[link.path] == nil {
          known[link.path] = link.member
          links.append(link)
        }
      }
    }
    refused = entries.filter { !resolved.contains($0.path) }
  }

  /// The depth to which links to folders may lie in folders that are links.
  private static let nestedFolders = 2

  private static func path(of entry: RefusedMember) -> String? {
    guard case .clean(let path) = MemberPath(stored: entry.path) else { return nil }
    return path
  }

  /// The path to which a path leads when folders on the way and the last name may be links; `nil` for a
  /// circle.
  private static func end(of path: String, _ targets: [String: String]) -> String? {
    var rest = path.split(separator: "/")[...]
    var walked: [Substring] = []
    var chain = 0
    while let part = rest.popFirst() {
      walked.append(part)
      guard let target = targets[walked.joined(separator: "/")] else { continue }
      chain += 1
      guard chain <= longestChain else { return nil }
      rest = target.split(separator: "/")[...] + rest
      walked = []
    }
    return walked.joined(separator: "/")
  }

  /// The members below a folder, named through the link to it; none if the link lies in that folder.
  private static func below(_ folder: String, _ sorted: [(key: String, value: String)], as path: String)
    -> [Link]
  {
    let start = folder + "/"
    guard !path.utf8.starts(with: start.utf8) else { return [] }
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle].key.utf8.lexicographicallyPrecedes(start.utf8) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    var found: [Link] = []
    while low < sorted.count, sorted[low].key.utf8.starts(with: start.utf8), found.count <= maximumLinks {
      let rest = String(decoding: sorted[low].key.utf8.dropFirst(start.utf8.count), as: UTF8.self)
      found.append(Link(path: path + "/" + rest, member: sorted[low].value))
      low += 1
    }
    return found
  }
}
