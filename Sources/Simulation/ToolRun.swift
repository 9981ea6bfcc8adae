import Subprocess
import SystemPackage

/// One run of a program, with a time limit.
///
/// The program leads its own process group, which is killed as a whole when the time is up. Its standard
/// input stays open while this process lives: simulators end when it closes, so none outlives its parent.
struct ToolRun: Sendable {
  /// The most characters of output that are kept.
  static let keptCharacters = 64 << 20

  let path: String
  let arguments: [String]
  let folder: String
  let limit: Duration

  /// The output of a program, with its exit status.
  struct Output: Sendable {
    var text: String
    var isSuccess: Bool
    var status: String
  }

  /// The program's name.
  private var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Runs the program; throws if it cannot be started or exceeds its time limit.
  func output() async throws(SimulationError) -> Output {
    var options = PlatformOptions()
    options.processGroupID = 0
    let limit = limit
    do {
      let result = try await Subprocess.run(
        .path(FilePath(path)), arguments: Arguments(arguments),
        environment: .inherit.updating(["LC_ALL": "C"]), workingDirectory: FilePath(folder),
        platformOptions: options, input: .inputWriter, output: .sequence, error: .combinedWithOutput
      ) { execution in
        try await withThrowingTaskGroup(of: Bool.self) { group in
          group.addTask {
            try await Task.sleep(for: limit)
            try execution.send(signal: .kill, toProcessGroup: true)
            return true
          }
          var text = ""
          for try await line in execution.standardOutput.strings(bufferingPolicy: .unbounded)
          where text.utf8.count < Self.keptCharacters { text += line + "\n" }
          group.cancelAll()
          var isLate = false
          while let ended = await group.nextResult() {
            if case .success(true) = ended { isLate = true }
          }
          return (text: text, isLate: isLate)
        }
      }
      if result.closureResult.isLate {
        throw SimulationError.timedOut(tool: name, seconds: Int(limit.components.seconds))
      }
      return Output(
        text: result.closureResult.text, isSuccess: result.terminationStatus.isSuccess,
        status: "\(result.terminationStatus)")
    } catch let error as SimulationError {
      throw error
    } catch {
      throw .failed(tool: name, status: "cannot be run", output: "\(error)")
    }
  }

  /// The program's output; throws `SimulationError.failed` with its last lines if it failed.
  func successfulOutput() async throws(SimulationError) -> String {
    let output = try await output()
    guard output.isSuccess else { throw failure(output) }
    return output.text
  }

  /// The error of a failed run, with the last lines of its output.
  func failure(_ output: Output) -> SimulationError {
    let lines = output.text.split(separator: "\n").suffix(4).map { line in
      String(line.prefix(300).map { $0.isPrintable ? $0 : "?" })
    }
    return .failed(tool: name, status: output.status, output: lines.joined(separator: " | "))
  }
}

extension Character {
  /// True if a terminal displays the character without other effects; programs may print anything.
  fileprivate var isPrintable: Bool {
    unicodeScalars.allSatisfy {
      ![.control, .format, .privateUse, .unassigned, .surrogate].contains($0.properties.generalCategory)
    } && self != "\u{FFFD}"
  }
}
