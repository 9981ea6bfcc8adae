import ArgumentParser

/// The command line: one subcommand a file, listed here.
@main
struct Condense: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "condense",
    abstract: "Trains a teacher on a folder of images and makes small, fast students of it.",
    discussion: """
      Start with:  condense data make glyphs --out glyphs
                   condense train lenet5 --data glyphs --out lenet5.safetensors
                   condense evaluate lenet5.safetensors --data glyphs
      """,
    version: Version.text,
    subcommands: [
      TrainCommand.self, EvaluateCommand.self, PredictCommand.self,
      DataCommand.self, ShowCommand.self, ReportCommand.self, ListCommand.self,
      ExplainCommand.self, DoctorCommand.self,
    ])

  /// Runs the command; an error becomes one message on standard error and its exit code.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let failure as CommandFailure {
      Console.error(failure.message)
      exit(withError: ExitCode(failure.status.rawValue))
    } catch  where exitCode(for: error) == .failure {
      Console.error("\(error)")
      exit(withError: ExitCode(CommandFailure.Status.internal.rawValue))
    } catch {
      exit(withError: error)
    }
  }
}
