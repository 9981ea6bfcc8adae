import Datasets
import Metrics
public import Tasks
import Tensors
import Testing

/// The laws for every task.
public enum TaskLaws {
  /// Checks a task on outputs drawn from a seed.
  ///
  /// Targets fill their buffers, answers agree with findings, contributions agree with the metric, and the
  /// details pass their own checks.
  public static func check(_ task: any ImageTask, _ example: TaskExample) throws {
    let heads = try task.heads(of: example.graph, network: "test")
    let count = example.annotations.count
    #expect(example.annotations.allSatisfy(task.reads))
    let batch = Batch(images: Array(repeating: 0, count: count), annotations: example.annotations)
    let targets = task.targets(for: heads)
    let buffers = targets.map { AlignedBuffer(floats: count * $0.shape.count) }
    for buffer in buffers { buffer.withMutableFloats { for i in $0.indices { $0[i] = .nan } } }
    task.writeTargets(of: batch, 0..<count, for: heads, into: buffers)
    for (target, buffer) in zip(targets, buffers) {
      #expect((0..<count * target.shape.count).allSatisfy { buffer.floats[$0].isFinite }, "\(target.name)")
    }
    let outputs = HeadOutputs(heads, batch: count)
    var random = SeededRandom(seed: 1, purpose: "outputs")
    for buffer in outputs.buffers {
      buffer.withMutableFloats { for i in $0.indices { $0[i] = random.normal() } }
    }
    var scores = task.scores(for: heads)
    var parts: [Double] = []
    for image in 0..<count {
      let truth = example.annotations[image]
      let finding = scores.add(outputs, image: image, truth: truth, size: nil)
      if let best = task.answers(outputs, image: image).first {
        #expect(finding.said.classes.contains(best.label) && finding.confidence == best.confidence)
      }
      if let part = task.contribution(outputs, image: image, truth: truth) { parts.append(part) }
    }
    #expect(scores.images == count && (0...1).contains(scores.value))
    if !parts.isEmpty { #expect(scores.value == parts.reduce(0, +) / Double(count)) }
    let details = scores.details
    #expect(type(of: details) == type(of: task).details && details.value == scores.value)
    #expect(abs(details.judged.value - scores.value) < 1e-9 && details.images == count)
    try details.validate(classes: example.classes)
    var objective = try ObjectiveBuilder(task, student: example.graph)
    try objective.minimizeTaskLoss()
    let built = try objective.finished(seed: 0)
    #expect(!built.terms.isEmpty)
    for case .target(let target) in built.sources { #expect(targets.contains(target)) }
  }
}
