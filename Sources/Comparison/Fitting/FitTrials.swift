import Foundation

/// What the recipes of a fit share: the teacher, the data and the device.
struct FitTrials: Sendable {
  let teacher: FitNetwork
  let target: String
  let data: String
  let margin: Double
  let batch: Int
  /// The folder of the networks' files.
  let networks: String
  /// What is tried beside the teacher.
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

  /// The recipe of some students, with so many passes of the images for the teacher.
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

  /// A student's passes beside a teacher's.
  func passes(of family: FitFamily, _ epochs: Int) -> Int {
    max(1, Int((family.share * Double(epochs)).rounded()))
  }
}
