import Datasets
import Execution
import Graphs
import Tensors

/// One update at a time: forward, loss, backward, clipping, update, in buffers made once.
final class StepEngine {
  /// Where an update stands and how far it may go.
  struct Place {
    var epoch: Int
    var step: Int
    /// From 1 over the whole training.
    var number: Int
    var rate: Float
  }

  private let setup: Trainer.Setup
  private let plan: any Plan
  private let output: TapID
  private let loss: SoftmaxCrossEntropy
  private let optimizer: any Optimizer
  private let partSize: Int
  private let imageSize: Int
  private let logits: AlignedBuffer
  private let gradient: AlignedBuffer

  init(_ setup: Trainer.Setup) throws(TrainingError) {
    self.setup = setup
    let settings = setup.settings
    let classes = try setup.graph.classCount(network: "training")
    partSize = settings.batch / settings.microBatches
    imageSize = setup.graph.inputs.first?.shape.count ?? 0
    loss = SoftmaxCrossEntropy(smoothing: settings.smoothing)
    optimizer = settings.optimizer
    logits = AlignedBuffer(floats: partSize * classes)
    gradient = AlignedBuffer(floats: partSize * classes)
    do throws(ExecutionError) {
      plan = try setup.backend.compile(setup.graph, Self.options(setup))
      output = try plan.tap(setup.graph.outputs[0])
    } catch {
      throw .execution(error)
    }
  }

  private static func options(_ setup: Trainer.Setup, taps: [String] = []) -> PlanOptions {
    let settings = setup.settings
    return PlanOptions(
      batch: settings.batch / settings.microBatches, mode: .training, precision: setup.precision,
      threads: setup.threads, taps: taps, microBatches: settings.microBatches)
  }

  /// Trains on one batch; refuses to go on from a loss that is not finite, before any weight changes.
  func step(_ batch: Batch, _ place: Place) throws(TrainingError) -> SoftmaxCrossEntropy.Score {
    let images = batch.images
    var total = SoftmaxCrossEntropy.Score()
    let parts = setup.settings.microBatches
    for part in 0..<parts {
      let range = part * partSize..<(part + 1) * partSize
      let values = images.span.extracting(range.lowerBound * imageSize..<range.upperBound * imageSize)
      let key = SeededRandom(seed: setup.seed, purpose: "step", place.epoch, place.step, part).key
      plan.forward(values, key: key)
      let score = evaluate(batch, range)
      guard score.loss.isFinite else {
        throw .notFinite(
          epoch: place.epoch + 1, step: place.step + 1, loss: score.loss / Double(partSize),
          culprit: try culprit(values, key: key))
      }
      plan.backward()
      total.loss += score.loss
      total.correct += score.correct
    }
    plan.update(optimizer, parameters(place))
    return total
  }

  func snapshot() -> TrainingState { plan.snapshot() }

  func load(_ state: TrainingState) throws(TrainingError) {
    do throws(ExecutionError) {
      try plan.load(state)
    } catch {
      throw .execution(error)
    }
  }

  private func evaluate(_ batch: Batch, _ range: Range<Int>) -> SoftmaxCrossEntropy.Score {
    let (logits, gradient) = (logits, gradient)
    logits.withMutableFloats { plan.readTap(output, into: &$0) }
    let score = gradient.withMutableFloats {
      loss.evaluate(logits: logits.floats, of: batch, range: range, gradient: &$0)
    }
    plan.writeSeed(output, gradient.floats)
    return score
  }

  private func parameters(_ place: Place) -> StepParameters {
    let settings = setup.settings
    var scale = 1 / Float(settings.microBatches)
    if let limit = settings.clip {
      let norm = scale * plan.withGradients { GradientNorm.of($0) }
      scale *= min(1, limit / (norm + 1e-6))
    }
    return StepParameters(
      rate: place.rate, decay: settings.decay, gradientScale: scale, number: place.number,
      averageDecay: settings.average)
  }

  /// The first parameter or value, in the order of computation, that is not finite on this input.
  private func culprit(_ images: Span<Float>, key: UInt64) throws(TrainingError) -> TrainingError.Culprit {
    for i in images.indices where !images[i].isFinite { return .images }
    let parameters = plan.snapshot().parameters
    do throws(ExecutionError) {
      let options = Self.options(setup, taps: setup.graph.nodes.map(\.name))
      let probe = try setup.backend.compile(setup.graph, options, sharing: plan)
      probe.forward(images, key: key)
      for node in setup.graph.nodes {
        for (name, slot) in setup.graph.slots(of: node) where slot.isTrainable {
          if let tensor = parameters[name], !tensor.values.allSatisfy(\.isFinite) { return .parameter(name) }
        }
        let tap = try probe.tap(node.name)
        var values = [Float](repeating: 0, count: tap.count)
        var span = values.mutableSpan
        probe.readTap(tap, into: &span)
        if !values.allSatisfy(\.isFinite) { return .node(node.name, kind: node.op.kind) }
      }
    } catch {
      throw .execution(error)
    }
    return .loss
  }
}

/// The length of all gradients taken as one vector.
enum GradientNorm {
  /// The Euclidean norm, summed in 64 bits.
  static func of(_ values: borrowing MutableSpan<Float>) -> Float {
    var sum = 0.0
    for i in values.indices { sum += Double(values[i]) * Double(values[i]) }
    return Float(sum.squareRoot())
  }
}
