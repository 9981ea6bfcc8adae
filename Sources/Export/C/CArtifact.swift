/// What C export makes: a program with its entry points and sizes, and an example that calls it.
public struct CArtifact: Artifact {
  /// The program.
  public var program: CProgram { source.program }
  /// What it gives back, to the bit; `nil` where it computes in floats.
  public let integers: CReference?
  /// How it was written down.
  let source: CSource

  init(_ source: CSource, integers: CReference?) {
    self.source = source
    self.integers = integers
  }

  /// The header, the source and the example.
  public var files: [ExportFile] {
    [
      ExportFile(
        name: "\(program.name).h", summary: "what to include: \(program.arenaBytes) bytes of memory",
        bytes: program.header),
      ExportFile(
        name: "\(program.name).c", summary: "the network: \(program.weightBytes) bytes of constants",
        bytes: program.source),
      ExportFile(name: "main.c", summary: "how to call it", bytes: source.example),
    ]
  }
}
