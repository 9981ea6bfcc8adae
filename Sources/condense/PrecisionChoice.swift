import ArgumentParser
import DNNL
import Execution
import Recipes
import Settings
import Training

/// The arithmetic that a user requests.
enum PrecisionChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, f32, bf16

  /// The arithmetic itself; `nil` if the tool chooses.
  var precision: Precision? { Precision(rawValue: rawValue) }

  /// Ends the command with status 69 if this machine does not support the requested arithmetic; `place` names
  /// the source.
  ///
  /// It is called before anything is read or trained, because the processor does not change while a command
  /// runs.
  func requireSupport(at place: String, on backend: some Backend = DNNLBackend()) throws {
    guard let precision, !backend.supports(precision) else { return }
    throw CommandFailure(
      .missing,
      "\(place): \(rawValue) needs the instruction set \(Precision.bf16Instructions), found \(backend.instructionSet); "
        + "take f32, or auto, which takes bf16 only where the processor has it")
  }
}

extension Recipe {
  /// Ends the command with status 69 if the recipe demands a precision that this machine does not support.
  func requireSupportedPrecision() throws {
    try PrecisionChoice(rawValue: precision)?.requireSupport(at: "\((node["precision"] ?? node).mark)")
  }
}
