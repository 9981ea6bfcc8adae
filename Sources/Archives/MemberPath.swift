/// A member's name as stored, judged.
enum MemberPath: Equatable {
  case clean(String)
  case refused(RefusedMember.Reason)

  /// Refuses what leads out of a folder; drops `.` and empty components.
  init(stored: String) {
    guard !stored.utf8.starts(with: "/".utf8) else {
      self = .refused(.absolutePath)
      return
    }
    guard !stored.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      self = .refused(.unusablePath)
      return
    }
    guard stored.utf8.contains(where: { $0 == UInt8(ascii: ".") }) || Self.hasEmptyComponent(stored) else {
      self = stored.isEmpty ? .refused(.unusablePath) : .clean(stored)
      return
    }
    let parts = stored.split(separator: "/").filter { $0 != "." }
    if parts.contains("..") {
      self = .refused(.parentPath)
    } else if parts.isEmpty {
      self = .refused(.unusablePath)
    } else {
      self = .clean(parts.joined(separator: "/"))
    }
  }

  private static func hasEmptyComponent(_ path: String) -> Bool {
    var previous = UInt8(ascii: "/")
    for byte in path.utf8 {
      if byte == UInt8(ascii: "/") && previous == byte { return true }
      previous = byte
    }
    return previous == UInt8(ascii: "/")
  }
}
