import ArgumentParser

/// The root command of the benchmarks, which print times as JSON; each subcommand answers one question.
@main
struct CondenseBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "condense-bench",
    abstract: "Measures the engine and the criteria of pruning, and fuzzes the readers.",
    subcommands: [
      TrainBench.self, InferBench.self, KernelBench.self, SparseBench.self, LoadBench.self,
      StreamBench.self, CriteriaBench.self, PruneBench.self, QuantizeBench.self, AdderBench.self,
      FuzzModelCommand.self,
      FuzzStudentCommand.self, FuzzTFLiteCommand.self,
    ])
}
