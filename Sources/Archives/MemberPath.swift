/// The verdict on a member's stored name.
enum MemberPath: Equatable {
  case clean(String)
  case refused(RefusedMember.Reason)

  /// Refuses names that leave a folder, and drops `.` and empty components.
  init(stored: String) {
    var stored = stored
    switch stored.withUTF8({ bytes in unsafe Self.findings(bytes.span) }) {
    case .usable: self = .clean(stored)
    case .refused(let reason): self = .refused(reason)
    case .needsCleaning:
      let path = Self.withoutDots(stored)
      self = path.isEmpty ? .refused(.unusablePath) : .clean(path)
    }
  }

  /// A relative path without `.` and empty components; `tar -cf data.tar .` begins all names with `./`.
  static func withoutDots(_ stored: String) -> String {
    stored.hasPrefix("/")
      ? stored : stored.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// The path that a link's text means; `nil` if it is absolute or leaves the archive.
  ///
  /// It is relative to the folder of the link at `path`, or to the root if `path` is `nil`.
  static func target(of text: String, from path: String?) -> String? {
    guard !text.hasPrefix("/") else { return nil }
    var parts = path.map { $0.split(separator: "/").filter { $0 != "." }.dropLast() } ?? []
    for part in text.split(separator: "/") where part != "." {
      if part == ".." {
        guard parts.popLast() != nil else { return nil }
      } else {
        parts.append(part)
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: "/")
  }

  private enum Findings {
    case usable
    case needsCleaning
    case refused(RefusedMember.Reason)
  }

  /// Judges a name in one pass over its bytes, as nearly all names are usable as they are.
  private static func findings(_ path: Span<UInt8>) -> Findings {
    let slash = UInt8(ascii: "/")
    guard path.count > 0 else { return .refused(.unusablePath) }
    guard path[0] != slash else { return .refused(.absolutePath) }
    var findings = Findings.usable
    var length = 0  // of the component under way
    var dots = 0  // how many of its characters are dots
    for i in 0...path.count {
      let byte = i < path.count ? path[i] : slash
      if byte == slash {
        if length == 2 && dots == 2 { return .refused(.parentPath) }
        if length == dots && length <= 1 { findings = .needsCleaning }
        length = 0
        dots = 0
      } else {
        if byte < 0x20 || byte == 0x7F { return .refused(.unusablePath) }
        length += 1
        dots += byte == UInt8(ascii: ".") ? 1 : 0
      }
    }
    return findings
  }
}
