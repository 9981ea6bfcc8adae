import Glibc

/// What tells one state of a file from another without reading it: its size and when it was changed.
///
/// `FileManager.attributesOfItem` says the same, but takes a fifth of a second for 20,000 files.
public struct FileStamp: Equatable, Sendable {
  /// In bytes.
  public let byteCount: Int
  /// Since 1970, in seconds and nanoseconds.
  public let changed: (seconds: Int, nanoseconds: Int)

  /// Looks at the file that a path, or a link there, leads to.
  public init(ofFile path: String) throws(SystemError) {
    var info = stat()
    guard unsafe stat(path, &info) == 0 else { throw SystemError(errno) }
    byteCount = info.st_size
    changed = (info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
  }

  /// The stamp as text that ends where the next field may begin.
  public var text: String { "\(byteCount)\u{0}\(changed.seconds).\(changed.nanoseconds)" }

  public static func == (first: FileStamp, second: FileStamp) -> Bool {
    first.byteCount == second.byteCount && first.changed == second.changed
  }
}
