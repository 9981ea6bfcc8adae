import Execution
import Recipes
import Runs
import Settings
import Testing
import Trials

@testable import Comparison

@Suite("The queue of trials")
struct TrialQueueTests {
  private func spec(_ name: String, teacher: TrialSpec? = nil) -> TrialSpec {
    TrialSpec(
      name: name, role: teacher == nil ? .teacher : .student, seed: UInt64(name.count), data: "d",
      dataDigest: name, validationFraction: 0, start: .teacher, stages: [], teacher: teacher?.address,
      threads: 1, precision: .f32, instructionSet: "x")
  }

  @Test("A trial waits for what it needs, and falls with it")
  func dependencies() throws {
    let teacher = spec("t")
    let students = [spec("aa", teacher: teacher), spec("bbb", teacher: teacher)]
    var queue = TrialQueue(TrialPlan(trials: [teacher] + students))
    #expect(queue.pull()?.name == "t")
    #expect(queue.pull() == nil)
    queue.tell(.done, of: teacher.address)
    #expect(queue.pull()?.name == "aa")
    queue.tell(.failed("x"), of: students[0].address)
    #expect(queue.pull()?.name == "bbb")

    var failing = TrialQueue(TrialPlan(trials: [teacher] + students))
    _ = failing.pull()
    failing.tell(.failed("x"), of: teacher.address)
    #expect(failing.takeSettled().map(\.spec.name) == ["aa", "bbb"])
    #expect(failing.pull() == nil)
    #expect(students.allSatisfy { failing.outcomes[$0.address] == .failed("a trial that it needs failed") })

    var closed = TrialQueue(TrialPlan(trials: [teacher] + students))
    _ = closed.pull()
    #expect(closed.close("stopped").map(\.name) == ["aa", "bbb"])
    #expect(closed.outcomes[students[1].address] == .notRun("stopped"))
  }

  @Test("A pace learnt from one trial tells how long another takes, by its images")
  func pace() {
    var pace = TrialPace()
    #expect(pace.seconds(for: spec("t"), images: 100) == nil)
    pace.add(spec("t"), images: 100, seconds: 2)
    #expect(pace.seconds(for: spec("u"), images: 100) == 2)
  }
}
