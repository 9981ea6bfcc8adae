import ArgumentParser
import DNNL
import Execution
import Recipes
import Settings
import Training

/// The arithmetic that a user asks for.
enum PrecisionChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, f32, bf16

  /// The arithmetic itself; `nil` where the tool is to choose.
  var precision: Precision? { Precision(rawValue: rawValue) }

  /// Ends the command with 69 where this machine does not compute in what was asked for; `place` says where it was.
  ///
  /// Called before anything is read or trained: a processor does not change while a command runs.
  func requireSupport(at place: String, on backend: some Backend = DNNLBackend()) throws {
    guard let precision, !backend.supports(precision) else { return }
    throw CommandFailure(
      .missing,
      "\(place): \(rawValue) needs the instruction set \(Precision.bf16Instructions), found \(backend.instructionSet); "
        + "take f32, or auto, which takes bf16 only where the processor has it")
  }
}

extension Recipe {
  /// Ends the command with 69 where the recipe demands a precision that this machine does not compute in.
  func requireSupportedPrecision() throws {
    try PrecisionChoice(rawValue: precision)?.requireSupport(at: "\((node["precision"] ?? node).mark)")
  }
}
