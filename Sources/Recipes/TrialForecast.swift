import Datasets
import Execution
import Methods
import Runs
import Training
public import Trials

/// How long trials take on this machine, from their previews and the measured pace of their networks.
///
/// A trial's time is opening the data, applying its methods, its training steps, a validation an epoch and a stage, the
/// test, and counting bytes. Trials are taken as alone on their cores.
public struct TrialForecast {
  /// The paces that were measured.
  public private(set) var pace: TrainingPace

  /// A forecast that measures with `pace`.
  public init(_ pace: TrainingPace) { self.pace = pace }

  /// The seconds of a trial; of a searched student, those of all its candidates.
  public mutating func seconds(
    _ spec: TrialSpec, _ preview: TrialPreview, repeats: Int = 1
  ) throws -> Double {
    var seconds = preview.openingSeconds
    let training = Double(preview.images[.train] ?? 0)
    let (validation, test) = (Double(preview.images[.validation] ?? 0), Double(preview.images[.test] ?? 0))
    for (stage, described) in zip(preview.stages, spec.stages) {
      guard let work = stage.work else {
        seconds += stage.methodSeconds
        continue
      }
      let after = try pace.pace(work.after)
      if spec.role == .logits {
        // The teacher looks at every image of the stream once, and nothing is trained.
        return seconds + Double(stage.epochs) * training * after.forwardSecondsPerImage
      }
      var perImage = after.secondsPerImage
      var times = 1
      if case .gradual(let steps, let share) = described.choice?.method.pacing {
        times = steps
        let before = try pace.pace(work.before).secondsPerImage
        perImage = share * (before + after.secondsPerImage) / 2 + (1 - share) * after.secondsPerImage
      }
      seconds += Double(times) * (stage.methodSeconds + after.setupSeconds)
      let epochs = Double(stage.epochs)
      seconds += epochs * (training * perImage + validation * after.forwardSecondsPerImage)
    }
    let forward = pace.forwardSecondsPerImage(multiplyAdds: preview.computedMultiplyAdds)
    seconds += (test + validation * Double(preview.stages.count)) * forward
    seconds += preview.countingSeconds * Double(preview.stages.count + 3)
    return seconds * Double(repeats)
  }
}
