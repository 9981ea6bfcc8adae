import Datasets
import Execution
import Methods
import Runs
import Training
public import Trials

/// Estimates of trials' times on this machine, from their previews and the measured speed of their networks.
///
/// A trial's time is that of opening the data, applying methods, training steps, a validation for each epoch
/// and stage, the test, and counting bytes. Trials are assumed to be alone on their cores.
public struct TrialForecast {
  /// The measured speeds.
  public private(set) var pace: TrainingPace

  /// Makes a forecast that measures with `pace`.
  public init(_ pace: TrainingPace) { self.pace = pace }

  /// The seconds of a trial; for a searched student, those of all its candidates.
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
        // The teacher runs once over every image of the stream, and nothing is trained.
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
