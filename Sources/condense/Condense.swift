import ArgumentParser
import DNNL

/// The root command, which lists the subcommands; each has its own file.
@main
struct Condense: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "condense",
    abstract: "Train a teacher on a folder of images and make small, fast students of it.",
    discussion: """
      Start with:  condense compare quickstart
                   condense fit PHOTOS --target cortex-m4 --time-limit 30m
                   condense train lenet5 --data PHOTOS --out lenet5.safetensors
                   condense evaluate lenet5.safetensors --data PHOTOS
      """,
    version: Version.text,
    subcommands: [
      FitCommand.self, CompareCommand.self, PlanCommand.self, ReportCommand.self, ServeCommand.self,
      ReproduceCommand.self,
      ExplainCommand.self,
      TrainCommand.self,
      EvaluateCommand.self, PredictCommand.self, DiffCommand.self, SensitivityCommand.self, DataCommand.self,
      ShowCommand.self,
      ProfileCommand.self, TargetsCommand.self, ExportCommand.self, ListCommand.self, DoctorCommand.self,
      TrialCommand.self,
    ])

  private static func requireKnownInstructionLimit() throws {
    guard let unknown = InstructionLimit.unknown else { return }
    let choices = InstructionLimit.values.joined(separator: ", ")
    throw CommandFailure(
      .usage, "\(InstructionLimit.variable): expected one of \(choices), found \"\(unknown)\"")
  }

  /// Runs the command; an error becomes one message on standard error and an exit code.
  static func main() {
    do {
      var command = try parseAsRoot()
      try requireKnownInstructionLimit()
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
