import Foundation
package import Graphs
import Runs
import Settings
package import Tensors

extension TrialRunner {
  /// The initial weights of the network that the trial starts from, by parameter name.
  ///
  /// They follow from the network's structure and seed. `nil` where these are unknown: for an imported model,
  /// and where a student is the teacher.
  package func initialWeights() throws -> [String: Tensor]? {
    switch spec.start {
    case .network(let structure):
      return try freshGraph(structure, seed: spec.seed).trainableWeights
    case .teacher:
      guard let teacher = try teacherSpec(), teacher.role == .teacher,
        case .network(let structure) = teacher.start
      else { return nil }
      return try freshGraph(structure, seed: teacher.seed).trainableWeights
    case .inherited, .sliced, .model, .shape, .candidate: return nil
    }
  }

  /// The specification of the teacher's trial; `nil` before that trial is run.
  private func teacherSpec() throws -> TrialSpec? {
    guard let address = spec.teacher, let directory = folder.directory(of: address) else { return nil }
    let path = directory + "/" + TrialFolder.specification
    guard let data = FileManager.default.contents(atPath: path) else {
      throw TrialError.damaged(path: path, reason: "cannot be read")
    }
    return try TrialSpec(from: try SettingsNode(json: data, source: path))
  }
}

extension Graph {
  /// The values of all trainable parameters, by name.
  package var trainableWeights: [String: Tensor] {
    let slots = nodes.flatMap { self.slots(of: $0) }.filter(\.slot.isTrainable)
    return Dictionary(
      slots.compactMap { slot in parameters[slot.name].map { (slot.name, $0.value) } },
      uniquingKeysWith: { first, _ in first })
  }
}
