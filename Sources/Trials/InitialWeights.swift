import Foundation
package import Graphs
import Runs
import Settings
package import Tensors

extension TrialRunner {
  /// The weights at which the training of the network began that the trial starts from, by name.
  ///
  /// They follow from its structure and seed. `nil` where these are not known: of an imported model, and of a student that teaches.
  package func initialWeights() throws -> [String: Tensor]? {
    switch spec.start {
    case .network(let structure):
      return try freshGraph(structure, seed: spec.seed).trainableWeights
    case .teacher:
      guard let teacher = try teacherSpec(), teacher.role == .teacher,
        case .network(let structure) = teacher.start
      else { return nil }
      return try freshGraph(structure, seed: teacher.seed).trainableWeights
    case .model, .shape, .candidate: return nil
    }
  }

  /// What the teacher's trial was; `nil` while it was not run.
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
  /// What training changes, by name.
  package var trainableWeights: [String: Tensor] {
    let slots = nodes.flatMap { self.slots(of: $0) }.filter(\.slot.isTrainable)
    return Dictionary(
      slots.compactMap { slot in parameters[slot.name].map { (slot.name, $0.value) } },
      uniquingKeysWith: { first, _ in first })
  }
}
