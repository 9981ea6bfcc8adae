public import Foundation

/// A Python environment with packages from PyPI, for other programs that read files of Condense in tests.
///
/// It is made once in `~/.cache/condense/peers` and reused. Continuous integration must have it; elsewhere,
/// tests that need it are skipped if PyPI cannot be reached.
public struct PeerPython: Sendable {
  /// The packages in pip's notation, such as `numpy<2`.
  public let packages: [String]

  /// Creates an environment with some packages.
  public init(_ packages: String...) { self.packages = packages }

  private var folder: String {
    let name = packages.joined(separator: "-").map { $0.isLetter || $0.isNumber ? $0 : "-" }
    let cache =
      ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
    return "\(cache)/condense/peers/\(String(name))"
  }

  /// The path of the interpreter, which exists once `mayBeAsked` was true.
  public var program: String { folder + "/bin/python" }
  private var python: String { program }
  private var mark: String { folder + "/complete" }

  /// True if tests may use it: it exists, it can be made, or continuous integration requires it.
  public var mayBeAsked: Bool {
    if ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil { return true }
    return (try? make()) != nil
  }

  /// Makes the environment unless it is complete.
  private func make() throws {
    guard !FileManager.default.fileExists(atPath: mark) else { return }
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Self.run("/usr/bin/env", ["python3", "-m", "venv", folder])
    try Self.run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"] + packages)
    try Data().write(to: URL(filePath: mark))
  }

  /// Runs a script with arguments, on this machine's processor or an emulated one; returns its output.
  public func run(
    _ script: String, _ arguments: [String] = [], on processor: EmulatedProcessor? = nil
  ) throws -> Data {
    try make()
    let command = [python, "-c", script] + arguments
    guard let processor else { return try Self.run(command[0], Array(command.dropFirst())) }
    return try Self.run(
      "/usr/bin/env",
      ["OPENBLAS_NUM_THREADS=1", EmulatedProcessor.program.path] + processor.arguments(command))
  }

  /// The failure of a program.
  public struct Failure: Error, CustomStringConvertible {
    /// The program and the end of its error output.
    public let description: String
  }

  @discardableResult
  private static func run(_ program: String, _ arguments: [String]) throws -> Data {
    let process = Process()
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = ["--kill-after=5", "300", program] + arguments
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: "\(program): \(String(decoding: complaints.suffix(2_000), as: UTF8.self))")
    }
    return printed
  }
}
