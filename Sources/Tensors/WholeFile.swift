import Foundation
import Glibc

/// Files that appear whole: written under another name, flushed to the disk, and renamed over what was there.
///
///     try WholeFile.write(bytes, to: "model.safetensors")
///
/// A reader, or a machine that loses power, sees the old file or the new one.
public enum WholeFile {
  /// Writes a file beside its place and puts it there; returns when file and name are on the disk.
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

  /// Has a file or folder made beside its place and puts it there in one step; nothing is left where `make` throws.
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

  /// Where what is to lie at a path is made meanwhile; each process has a place of its own.
  private static func place(beside path: String) -> String { "\(path).\(getpid()).part" }

  /// Gives a file or folder another name in one step, in place of a file or an empty folder that has it.
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

  /// Brings a folder's names to the disk, where its file system can do that.
  private static func flushFolder(of path: String) {
    let end = path.lastIndex(of: "/")
    let folder = end.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let file = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { return }
    fsync(file)
    close(file)
  }
}

/// What the operating system refused.
public struct SystemError: Error, Equatable, CustomStringConvertible {
  /// The number that the system gives, `errno`.
  public let code: Int32

  init(_ code: Int32) { self.code = code }

  /// The system's words: "No space left on device".
  public var description: String { unsafe String(cString: strerror(code)) }
}
