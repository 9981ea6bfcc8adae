import Glibc

/// The size and the time of change of a file, which tell its states apart without reading it.
///
/// `FileManager.attributesOfItem` tells the same, but takes a fifth of a second for 20,000 files.
public struct FileStamp: Equatable, Sendable {
  /// The size in bytes.
  public let byteCount: Int
  /// The time of the last change, in seconds and nanoseconds since 1970.
  public let changed: (seconds: Int, nanoseconds: Int)

  /// Takes the stamp of the file at a path; links are followed.
  public init(ofFile path: String) throws(SystemError) {
    var info = stat()
    guard unsafe stat(path, &info) == 0 else { throw SystemError(errno) }
    byteCount = info.st_size
    changed = (info.st_mtim.tv_sec, info.st_mtim.tv_nsec)
  }

  /// The stamp as text, `size NUL seconds.nanoseconds`.
  public var text: String { "\(byteCount)\u{0}\(changed.seconds).\(changed.nanoseconds)" }

  /// Equal if sizes and times are.
  public static func == (first: FileStamp, second: FileStamp) -> Bool {
    first.byteCount == second.byteCount && first.changed == second.changed
  }
}
