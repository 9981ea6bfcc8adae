import Foundation

/// The common parts of a fit's recipes: the teacher, the data and the device.
struct FitTrials: Sendable {
  let teacher: FitNetwork
  let target: String
  let data: String
  let margin: Double
  let batch: Int
  /// The folder of the networks' files.
  let networks: String
  /// The families that are tried beside the teacher.
  let families: [FitFamily]

  init(
    teacher: FitNetwork, target: String, data: String, margin: Double, batch: Int, networks: String
  ) {
    self.teacher = teacher
    self.target = target
    self.data = data
    self.margin = margin
    self.batch = batch
    self.networks = networks
    families = FitFamily.all(beside: teacher, in: networks)
  }

  /// The recipe of some students, with a number of epochs for the teacher.
  func recipe(_ students: [FitStudent], epochs: Int, comment: [String] = []) -> String {
    comment.map { "# \($0)\n" }.joined()
      + """
      recipe: 1
      name: fit
      title: A student that fits \(target)
      data: \(FitFamily.quoted(data))
      seeds: 1
      margin: \(String(format: "%g", margin * 100))
      targets: [\(FitFamily.quoted(target))]
      controls: false
      training: {batch: \(batch)}
      teacher:
        network: \(FitFamily.quoted(networks + "/" + teacher.fileName))
        training: {epochs: \(epochs)}
      students:

      """
      + students.map { student in
        student.family.yaml(student.strength, epochs: passes(of: student.family, epochs))
      }.joined()
  }

  /// The epochs of a family's students for the teacher's epochs.
  func passes(of family: FitFamily, _ epochs: Int) -> Int {
    max(1, Int((family.share * Double(epochs)).rounded()))
  }
}
