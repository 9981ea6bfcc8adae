import Foundation
import Testing

@testable import Training

@Suite("Schedules")
struct ScheduleTests {
  @Test("One-cycle is the reference recipe's rate at every step")
  func oneCycle() {
    let steps = 4680
    let up = 0.2 * Double(steps)
    for done in 0..<steps {
      let factor = Double(done) < up ? Double(done) / up : Double(steps - done) / (Double(steps) - up)
      let expected = max(0.02 * factor, 1e-6)
      let found = Double(OneCycle().rate(peak: 0.02, step: done, steps: steps))
      #expect(abs(found - expected) <= 1e-7 * expected + 1e-10)
    }
  }

  @Test("Cosine starts at the peak, halves it midway and ends at the floor")
  func cosine() {
    var schedule = Cosine()
    schedule.floor = 0.1
    #expect(schedule.rate(peak: 1, step: 0, steps: 100) == 1)
    #expect(abs(schedule.rate(peak: 1, step: 50, steps: 100) - 0.55) < 1e-6)
    #expect(
      abs(schedule.rate(peak: 1, step: 25, steps: 100) - Float(0.1 + 0.9 * (1 + cos(.pi / 4)) / 2)) < 1e-6)
    #expect(abs(schedule.rate(peak: 1, step: 100, steps: 100) - 0.1) < 1e-6)
  }

  @Test("Step decay drops by its factor at each milestone")
  func stepDecay() {
    let rates = [0, 49, 50, 74, 75, 99].map { StepDecay().rate(peak: 1, step: $0, steps: 100) }
    #expect(rates == [1, 1, 0.1, 0.1, Float(0.1 * 0.1), Float(0.1 * 0.1)])
  }

  @Test("A warm-up climbs linearly from the lowest rate, whatever follows")
  func warmUp() {
    var schedules: [any Schedule] = []
    var (cosine, step, constant) = (Cosine(), StepDecay(), ConstantRate())
    cosine.warmUp = 0.1
    step.warmUp = 0.1
    constant.warmUp = 0.1
    schedules = [cosine, step, constant]
    for schedule in schedules {
      #expect(schedule.rate(peak: 1, step: 0, steps: 100) == 1e-6)
      #expect(abs(schedule.rate(peak: 1, step: 5, steps: 100) - 0.5) < 1e-6)
      #expect(schedule.rate(peak: 1, step: 10, steps: 100) == 1)
    }
  }
}
