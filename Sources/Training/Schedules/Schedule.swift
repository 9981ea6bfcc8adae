public import Settings

/// The course of the learning rate over a training.
///
/// A schedule is one file in `Schedules/` and one line in `ScheduleCatalogue`.
public protocol Schedule: NamedKind {
  /// The share of all steps over which the rate climbs from 0.
  var warmUp: Double { get }
  /// The factor of the highest rate after the climb, at a progress of 0 at its first step and 1 past its
  /// last.
  func factor(at progress: Double) -> Double
}

extension Schedule {
  /// The lowest rate that is ever used, as in the PyTorch reference recipe.
  static var lowestRate: Double { 1e-6 }

  /// The rate of a step, counted from 0, of `steps` in all.
  ///
  /// **Formula** `peak · step/up` while `step < up = warmUp · steps`, then
  /// `peak · factor((step - up)/(steps - up))`, and never below 1e-6.
  public func rate(peak: Float, step: Int, steps: Int) -> Float {
    let up = warmUp * Double(steps)
    let done = Double(step)
    let factor = done < up ? done / up : factor(at: (done - up) / max(Double(steps) - up, 1))
    return Float(max(Double(peak) * factor, Self.lowestRate))
  }
}

/// All schedules.
public enum ScheduleCatalogue: Catalogue {
  /// The schedules, in the order of the documentation.
  public static let all: [any Schedule.Type] = [
    OneCycle.self, Cosine.self, StepDecay.self, ConstantRate.self,
  ]
  /// The same types as named kinds.
  public static var kinds: [any NamedKind.Type] { all }

  /// The kind as a schedule; `nil` if it is none.
  public static func cast(_ kind: any NamedKind) -> (any Schedule)? { kind as? any Schedule }
}
