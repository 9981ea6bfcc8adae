import Foundation

/// The reasons for which files cannot be read or written, in words.
public enum FileFailure {
  /// The meaning of a Foundation error for a path; its own text names error domains and numbers.
  public static func reason(_ error: any Error, path: String) -> String {
    let error = error as NSError
    if let code = systemCode(error) {
      return words[code] ?? "the system reports error \(code.rawValue)"
    }
    if FileManager.default.fileExists(atPath: path + "/.") { return folder }
    if let code = CocoaError.Code(rawValue: error.code) as CocoaError.Code?, let known = foundationWords[code]
    {
      return known
    }
    return FileManager.default.fileExists(atPath: path) ? "input or output failed" : missing
  }

  /// The reason for which a folder cannot be read as a file.
  public static let folder = "it is a folder, expected a file"
  private static let missing = "no such file"
  private static let forbidden = "permission denied"
  private static let full = "no space is left on the disk"

  private static let words: [POSIXErrorCode: String] = [
    .ENOENT: missing, .ENOTDIR: "a part of the path is no folder", .EISDIR: folder, .EACCES: forbidden,
    .EPERM: forbidden, .EROFS: "the disk is read-only", .ENOSPC: full, .EDQUOT: full, .EFBIG: "too large",
    .EIO: "the disk reports an error", .ENAMETOOLONG: "the name is too long",
    .ELOOP: "links lead in a circle", .EMFILE: "too many files are open", .ENFILE: "too many files are open",
    .EEXIST: "something of this name is there already",
  ]

  private static let foundationWords: [CocoaError.Code: String] = [
    .fileNoSuchFile: missing, .fileReadNoSuchFile: missing, .fileReadNoPermission: forbidden,
    .fileWriteNoPermission: forbidden, .fileWriteOutOfSpace: full, .fileReadTooLarge: "too large",
    .fileWriteVolumeReadOnly: "the disk is read-only",
    .fileWriteFileExists: "something of this name is there already",
    .fileReadInvalidFileName: "the name is not a path", .fileWriteInvalidFileName: "the name is not a path",
  ]

  /// The system's code of the error, or of the underlying error.
  private static func systemCode(_ error: NSError) -> POSIXErrorCode? {
    if error.domain == NSPOSIXErrorDomain {
      return POSIXErrorCode(rawValue: Int32(truncatingIfNeeded: error.code))
    }
    return (error.userInfo[NSUnderlyingErrorKey] as? any Error).flatMap { systemCode($0 as NSError) }
  }
}
