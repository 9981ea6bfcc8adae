import Foundation
import Glibc

/// Writes files so that they appear whole: under another name, flushed to the disk, then renamed over the old
/// file.
///
///     try WholeFile.write(bytes, to: "model.safetensors")
///
/// A reader sees the old file or the new one, and so does a machine that has lost power.
public enum WholeFile {
  /// Writes a file beside its place and renames it; returns when the file and its name are on the disk.
  public static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let part = place(beside: path)
    do throws(SystemError) {
      try writeFlushed(bytes, to: part)
      try move(part, to: path)
    } catch {
      unsafe unlink(part)
      throw error
    }
  }

  /// Lets `make` write a file or folder beside its place, and renames it in one step; if it throws, nothing
  /// is left.
  ///
  ///     try WholeFile.publish("glyphs") { part in try draw(into: part) }
  public static func publish(_ path: String, make: (_ part: String) throws -> Void) throws {
    let part = place(beside: path)
    do {
      try make(part)
      try move(part, to: path)
    } catch {
      try? FileManager.default.removeItem(atPath: part)
      throw error
    }
  }

  /// The temporary place beside a path; each process has its own.
  private static func place(beside path: String) -> String { "\(path).\(getpid()).part" }

  /// Renames a file or folder in one step, over a file or an empty folder of the new name.
  public static func move(_ part: String, to path: String) throws(SystemError) {
    guard unsafe rename(part, path) == 0 else { throw SystemError(errno) }
    flushFolder(of: path)
  }

  private static func writeFlushed(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard file >= 0 else { throw SystemError(errno) }
    defer { close(file) }
    var done = 0
    while done < bytes.count {
      let written = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(file, $0.baseAddress?.advanced(by: done), bytes.count - done)
      }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw SystemError(errno) }
      done += written
    }
    guard fsync(file) == 0 else { throw SystemError(errno) }
  }

  /// Flushes a folder's names to the disk, if its file system can.
  private static func flushFolder(of path: String) {
    let end = path.lastIndex(of: "/")
    let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let file = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { return }
    fsync(file)
    close(file)
  }
}

/// An error of the operating system.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The system's number of the error, `errno`.
  public let code: Int32

  init(_ code: Int32) { self.code = code }

  /// The system's message, such as "No space left on device".
  public var description: String { unsafe String(cString: strerror(code)) }
}
