import Execution
import Graphs
import Ops
import Tensors
import Testing

@Suite("Schedules")
struct ScheduleTests {
  /// A schedule of values with these bytes; value 0 is the input, and the last one is kept.
  private func schedule(_ bytes: [Int], _ steps: [Schedule.Step], kept: [Int]? = nil) -> Schedule {
    Schedule(bytes: bytes, steps: steps, inputs: [0], kept: kept ?? [bytes.count - 1])
  }

  /// The bytes of the whole arena, which must not exceed the bytes that live at once.
  private func arena(_ schedule: Schedule) -> Int {
    let plan = schedule.placed(alignment: 1)
    #expect(plan.byteCount >= plan.lowerBound && plan.lowerBound >= schedule.peakBytes)
    return plan.byteCount
  }

  @Test("a chain takes its largest neighbours, with and without working memory")
  func chain() {
    let chain = schedule([100, 300, 50, 20], [.init([0], 1), .init([1], 2), .init([2], 3)])
    #expect(chain.peakBytes == 400 && arena(chain) == 400)
    #expect(chain.buffers.map(\.life) == [0...0, 0...1, 1...2, 2...2])
    // 20 bytes of working memory fit beside 300 and 50, but 120 do not.
    for (bytes, expected) in [(20, 400), (120, 470)] {
      let working = schedule(
        [100, 300, 50, 20], [.init([0], 1), .init([1], 2, scratch: bytes...bytes), .init([2], 3)])
      #expect(arena(working) == expected)
    }
  }

  @Test("a shortcut lives until its sum, which lies over a branch")
  func residual() {
    let steps = [
      Schedule.Step([0], 1), .init([1], 2), .init([2, 0], 3, placement: .inPlace), .init([3], 4),
    ]
    let residual = schedule([64, 64, 64, 64, 10], steps)
    #expect(residual.peakBytes == 3 * 64 && arena(residual) == 3 * 64)
    #expect(residual.owners[3] == residual.owners[2] && residual.owners[3] != residual.owners[0])
    // A value that is read again later is not overwritten.
    let base = Array(steps.dropLast())
    let again = schedule([64, 64, 64, 64, 74], base + [.init([3, 2], 4)])
    #expect(again.owners[3] == again.owners[0])
    let both = schedule([64, 64, 64, 64, 74], base + [.init([3, 2, 0], 4)])
    #expect(both.owners[3] == 3 && both.peakBytes == 3 * 64 + 74)
  }

  @Test("two branches wait for each other: both and their union live at once")
  func branches() {
    let fork = schedule(
      [100, 300, 200, 500, 5], [.init([0], 1), .init([0], 2), .init([1, 2], 3), .init([3], 4)])
    #expect(fork.peakBytes == 1000 && arena(fork) == 1000)
  }

  @Test("what is unmoved is no step and its input's memory, for as long as either is read")
  func unmoved() {
    let flat = schedule(
      [96, 96, 40, 8], [.init([0], 1, placement: .unmoved), .init([0], 2), .init([1, 2], 3)])
    #expect(flat.order == [1, 2] && flat.owners[0] == flat.owners[1])
    #expect(flat.buffers.map(\.life) == [0...1, 0...1, 1...1])
    #expect(flat.peakBytes == 144 && arena(flat) == 144)
    // The network is its input under another name.
    let nothing = schedule([96, 96], [.init([0], 1, placement: .unmoved)])
    #expect(nothing.steps.isEmpty && nothing.peakBytes == 96 && arena(nothing) == 96)
  }

  @Test("a kept value is not overwritten by a last step that works in place")
  func keptInPlace() {
    let steps = [Schedule.Step([0], 1, placement: .inPlace), Schedule.Step([1], 2, placement: .inPlace)]
    let schedule = schedule([8, 8, 8], steps, kept: [1, 2])
    #expect(schedule.owners[1] != schedule.owners[2] && schedule.peakBytes == 16)
    #expect(self.schedule([8, 8, 8], steps).peakBytes == 8)
  }

  @Test("kept values live to the end, what nothing touches has no memory")
  func kept() {
    let steps = [Schedule.Step([0], 1), .init([1], 2), .init([2], 3)]
    #expect(schedule([8, 8, 8, 8], steps).peakBytes == 16)
    #expect(schedule([8, 8, 8, 8], steps, kept: [1, 3]).peakBytes == 24)
    #expect(schedule([8, 8, 8, 8, 99], steps, kept: [3]).owners == [0, 1, 2, 3, nil])
    // An output of another size has separate memory, in place or not.
    #expect(schedule([8, 4], [.init([0], 1, placement: .inPlace)]).peakBytes == 12)
    #expect(schedule([8, 8], [.init([0], 1, placement: .inPlace)]).peakBytes == 8)
  }

  @Test("calls that only touch memory keep it from the first of them to the last")
  func touching() {
    let calls = Schedule(
      bytes: [16, 32, 64, 128], steps: [.init([0]), .init([0, 1]), .init([1]), .init([2, 0])], inputs: [],
      kept: [])
    #expect(calls.buffers.map(\.life) == [0...3, 1...2, 3...3])
    #expect(calls.owners == [0, 1, 2, nil] && calls.peakBytes == 80 && arena(calls) == 80)
  }

  @Test("working memory takes what is of use where there is room, else what is free at its step")
  func room() {
    let steps = [Schedule.Step([0], 1), .init([1], 2, scratch: 10...200), .init([2], 3)]
    let working = schedule([100, 300, 40, 20], steps)
    // 300 and 40 leave 60 of the 400 bytes that the first step takes.
    #expect(working.placed(alignment: 1).scratch.map(\.byteCount) == [0, 60, 0])
    #expect(working.placed(alignment: 1).byteCount == 400)
    let roomy = working.placed(alignment: 1, room: 540)
    #expect(roomy.scratch.map(\.byteCount) == [0, 200, 0] && roomy.byteCount == 540)
    #expect(working.placed(alignment: 1, room: 539).byteCount == 400)
  }

  @Test("a graph's nodes are its steps: places and widths decide what it takes")
  func graph() throws {
    var graph = Graph(inputs: [GraphInput(name: "image", shape: [4, 4, 4])])
    try graph.append(Conv2D(filters: 4, kernel: 3, padding: 1), name: "conv", inputs: ["image"])
    try graph.append(ReLU(), name: "relu", inputs: ["conv"])
    try graph.append(Flatten(), name: "flat", inputs: ["relu"])
    try graph.append(Linear(features: 10), name: "logits", inputs: ["flat"])
    graph.outputs = ["logits"]
    let bytes = { (value: String) in graph.shape(of: value)?.count ?? 0 }
    let inPlace = graph.schedule(bytes: bytes)
    #expect(inPlace.order == [0, 1, 3] && inPlace.peakBytes == 128)
    #expect(inPlace.placed(alignment: 4).byteCount == 128)
    let apart = graph.schedule(isInPlace: false, bytes: bytes)
    #expect(apart.order == [0, 1, 2, 3] && apart.peakBytes == 128 && apart.buffers.count == 5)
  }
}
