import Foundation
import Settings

/// A family of students of a teacher, with a range of strengths: one line of a fit's catalogue each.
///
/// All students end as integers of at most 8 bits, in which devices compute.
struct FitFamily: Sendable {
  /// The prefix of its students' names.
  let name: String
  /// The settings of the method or network, the weakest compression first; at least one.
  let strengths: [Double]
  /// The epochs as a share of the teacher's.
  let share: Double
  /// The lines of a student's recipe after its name, for a strength and a number of epochs.
  let lines: @Sendable (_ strength: String, _ epochs: Int) -> [String]

  /// The name of the student with a strength.
  func studentName(_ strength: Double) -> String {
    strengths.count == 1 ? name : name + "-" + Self.words(strength)
  }

  /// A student's lines in a recipe.
  func yaml(_ strength: Double, epochs: Int) -> String {
    "  - name: \(studentName(strength))\n"
      + lines(Self.words(strength), max(1, epochs)).map { "    " + $0 + "\n" }.joined()
  }

  private static func words(_ number: Double) -> String { String(format: "%g", number) }

  /// The factors on the filters of a network.
  private static let widths = [2, 1.4, 1, 0.7, 0.5, 0.35, 0.25, 0.18, 0.125]
  private static let bytes = ["  - post-training-quantization:"]

  /// The families that are tried beside a teacher, the most promising first; `folder` holds the networks'
  /// files.
  static func all(beside teacher: FitNetwork, in folder: String) -> [FitFamily] {
    func network(_ network: FitNetwork, _ name: String, _ rest: [String] = bytes) -> FitFamily {
      FitFamily(name: name, strengths: widths, share: 1) { width, epochs in
        [
          "network: \(quoted(folder + "/" + network.fileName))", "width: \(width)", "pipeline:",
          "  - epochs: \(epochs)", "    objective: {soft-targets: {temperature: 4, weight: 0.9}}",
        ] + rest
      }
    }
    let teacherAsBytes = FitFamily(name: "int8", strengths: [1], share: 0.1) { _, epochs in
      ["pipeline:", "  - quantization-aware-training: {bits: 8}", "    epochs: \(epochs)"]
    }
    let fewBits = FitFamily(name: "int4", strengths: [1], share: 0.35) { _, epochs in
      [
        "pipeline:", "  - quantization-aware-training: {bits: 4, activationBits: 8}",
        "    epochs: \(epochs)",
      ]
    }
    let channels = FitFamily(
      name: "channels", strengths: [0.2, 0.35, 0.5, 0.65, 0.75, 0.85, 0.9, 0.95], share: 0.5
    ) { share, epochs in
      [
        "pipeline:", "  - channel-pruning: {criterion: taylor, of: multiplyAdds, sparsity: \(share)}",
        "    epochs: \(epochs)", "    objective: soft-targets",
      ] + bytes
    }
    let lowRank = FitFamily(name: "low-rank", strengths: [0.7, 0.5, 0.35, 0.25, 0.15], share: 0.35) {
      share, epochs in
      [
        "pipeline:", "  - tucker-2: {keptRatio: \(share)}", "    epochs: \(epochs)",
        "    objective: soft-targets",
      ] + bytes
    }
    let depthwise = FitFamily(name: "depthwise", strengths: [1], share: 0.7) { _, epochs in
      [
        "pipeline:", "  - depthwise-separable:", "    epochs: \(epochs)", "    objective: soft-targets",
      ] + bytes
    }
    let small = network(.plain, "plain")
    guard teacher != .plain else { return [teacherAsBytes, channels, small, fewBits] }
    return [
      teacherAsBytes, channels, network(.residual8, "residual"), network(.separable, "separable"), small,
      fewBits, lowRank, depthwise,
    ]
  }

  /// A path that is quoted for YAML and JSON alike.
  static func quoted(_ text: String) -> String { text.node.canonicalJSON }
}
