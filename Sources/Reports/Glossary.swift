import Metrics

/// The terms that a reader of a ranking needs, in a helpful order.
enum Glossary {
  struct Entry: Sendable {
    let word: String
    let meaning: String
  }

  /// The terms for a ranking by a metric.
  static func entries(_ metric: MetricKind?) -> [Entry] {
    let first = metric.map { metric in
      Entry(
        word: metric.name,
        meaning:
          "\(metric.meaning): over the test images, by the student loaded back from its file. The test images are read "
          + "once, at the end of a trial; every decision before looks at validation images alone.")
    }
    return [first].compactMap(\.self) + others
  }

  private static let others = [
    Entry(
      word: "±",
      meaning: "one standard deviation over seeds. The 95 % interval says where the mean over all seeds lies."
    ),
    Entry(
      word: "indicative",
      meaning: "fewer than three seeds: too few to tell chance from merit, so no p-value is given."),
    Entry(
      word: "p",
      meaning:
        "how often chance alone would make a difference this large, after Holm's correction for the number of "
        + "comparisons. Students pair with their teacher by seed."),
    Entry(
      word: "bytes, coded",
      meaning:
        "the written file, plain and with its sections entropy-coded where that shrinks them. The ratio holds the "
        + "teacher's plain file against the row's."),
    Entry(
      word: "bits", meaning: "of weights and of the values between layers: w8a8 holds both in 8 bits."),
    Entry(
      word: "basis",
      meaning:
        "how flash, RAM, latency and energy were found. Measured: on the device or this machine. Simulated: by a "
        + "program that runs the device's instructions. Modelled: computed from counts of operations and bytes, with the "
        + "uncertainty that the target states."),
    Entry(
      word: "arithmetic",
      meaning: "float, or integer as the device computes, or simulated: integers imitated in floats."),
    Entry(
      word: "control",
      meaning:
        "a network that the tool trains beside the students to tell what a method itself is worth: the same small "
        + "network trained alone, the same shape from scratch, or random pruning at the same kept ratio."),
    Entry(
      word: "Pareto front",
      meaning: "the rows that no other row beats at once in accuracy, flash, RAM and energy on a target."),
    Entry(
      word: "training images", meaning: "images seen while training, repeats counted, by this trial alone."),
  ]
}
