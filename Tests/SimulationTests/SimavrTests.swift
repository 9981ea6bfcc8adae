import Export
import Foundation
import Settings
import Targets
import Testing

@testable import Simulation

@Suite(
  "simavr", .enabled(if: Bench.mayAsk("uno"), "gcc-avr or simavr is missing: make simulators"), .serialized)
struct SimavrTests {
  let bench = Bench()

  @Test("outputs are those of the same arithmetic in Swift, whatever the layer")
  func outputs() async throws {
    defer { bench.remove() }
    for network in [HandWritten.linear, HandWritten.convolution] {
      let images = network.images(7)
      let simulation = try #require(
        try await bench.simulate(network.program, on: try Bench.profile("uno"), images))
      #expect(simulation.numbers(network.program) == images.map { network.expected($0).map(Float.init) })
      #expect(simulation.images == 7)
    }
  }

  /// The cycles by the AVR instruction set manual.
  ///
  /// 1 + 100 · 1 + (99 · 2 + 1) + 2 + 1 + 1 + 4: LDI, DEC, BRNE, MUL, LDI, LDI and RET.
  private static let timedCycles = 308.0

  /// A network with known cycles: a loop of a hundred rounds.
  private static func timed(pushes: Int = 0) -> CProgram {
    let push = String(repeating: "\"push r24\\n\"", count: pushes)
    let pop = String(repeating: "\"pop r24\\n\"", count: pushes)
    let source = """
      static int8_t hand_arena[4];
      hand_number *hand_input(void) { return hand_arena; }
      __attribute__((naked)) const hand_number *hand_run(void) {
        __asm volatile(\(push) "ldi r24, 100\\n" "1: dec r24\\n" "brne 1b\\n" "mul r24, r24\\n" \(pop)
          "ldi r24, lo8(%0)\\n" "ldi r25, hi8(%0)\\n" "ret\\n" : : "i"(hand_arena));
      }
      """
    return HandWritten.program(source, input: 4, output: 4, arena: 4, weights: 0, steps: 0)
  }

  @Test("cycles are those of the manual, to the cycle; a push takes two, a pop two, and a byte of stack")
  func exactCycles() async throws {
    defer { bench.remove() }
    let uno = try Bench.profile("uno")
    let images: [[Int8]] = [[1, 2, 3, 4], [5, 6, 7, 8]]
    let plain = try #require(try await bench.simulate(Self.timed(), on: uno, images))
    #expect(plain.cycles == Simulation.Cycles(least: 308, mean: 308, most: 308))
    #expect(plain.cycles?.mean == Self.timedCycles)
    #expect(plain.numbers(Self.timed()) == images.map { $0.map(Float.init) })
    let deeper = try #require(try await bench.simulate(Self.timed(pushes: 10), on: uno, images))
    #expect(deeper.cycles?.mean == Self.timedCycles + 10 * 4)
    #expect((deeper.ram?.stackBytes ?? 0) - (plain.ram?.stackBytes ?? 0) == 10)
  }

  @Test("the cycles of steps are told apart, and are no more than all")
  func steps() async throws {
    defer { bench.remove() }
    let network = HandWritten.convolution
    let simulation = try #require(
      try await bench.simulate(network.program, on: try Bench.profile("uno"), network.images(3)))
    let mean = try #require(simulation.cycles?.mean)
    #expect(simulation.stepCycles.count == 2)
    #expect(simulation.stepCycles[0] > 10 * simulation.stepCycles[1], "1,152 products against 64 comparisons")
    // Two calls and a return are in between: CALL 4, LDI, LDI and RET 4.
    #expect(mean - simulation.stepCycles.reduce(0, +) == 14)
  }

  @Test("memory is divided into weights and code, values, stack and margin")
  func memory() async throws {
    defer { bench.remove() }
    let network = HandWritten.linear
    let simulation = try #require(
      try await bench.simulate(network.program, on: try Bench.profile("uno"), network.images(1)))
    #expect(simulation.flash?.weightBytes == 144)
    #expect(simulation.ram?.valueBytes == 30)
    #expect(simulation.ram?.variableBytes == 0)
    #expect(simulation.ram?.interruptMarginBytes == 64)
    #expect((2...40).contains(simulation.ram?.stackBytes ?? 0))
  }

  @Test("what does not fit is told in bytes: before compiling, by the linker, and with the stack")
  func overflows() async throws {
    defer { bench.remove() }
    let network = HandWritten.linear
    let whole = try #require(
      try await bench.simulate(network.program, on: try Bench.profile("uno"), network.images(1)))
    var small = try Bench.profile("uno")
    small.flashBytes = Sourced(100, source: "test")
    let early = try #require(try await bench.simulate(network.program, on: small, network.images(1)))
    #expect(early.overflows.map(\.description) == ["flash: 44 bytes too many (weights alone)"])
    let flash = whole.flash?.totalBytes ?? 0
    small.flashBytes = Sourced(Double(flash - 10), source: "test")
    let linked = try #require(try await bench.simulate(network.program, on: small, network.images(1)))
    #expect(linked.overflows.map(\.description) == ["flash: 10 bytes too many (linked)"])
    var narrow = try Bench.profile("uno")
    narrow.ramBytes = Sourced(Double((whole.ram?.totalBytes ?? 0) - 3), source: "test")
    let run = try #require(try await bench.simulate(network.program, on: narrow, network.images(1)))
    #expect(run.overflows.first?.memory == "RAM")
    #expect(run.cycles == nil)
  }

  @Test("a network that never ends is stopped and told")
  func endless() async throws {
    defer { bench.remove() }
    let source = """
      static int8_t hand_arena[4];
      hand_number *hand_input(void) { return hand_arena; }
      const hand_number *hand_run(void) { for (;;) __asm volatile("nop"); }
      """
    let program = HandWritten.program(source, input: 4, output: 4, arena: 4, weights: 0, steps: 0)
    var uno = try Bench.profile("uno")
    uno.simulator = SimulatorChoice(
      kind: "simavr", settings: SettingsNode(mapping: ["cycleLimit": 1_000_000.node]))
    let slow = uno
    await #expect(throws: SimulationError.self) {
      try await bench.simulate(program, on: slow, [[1, 2, 3, 4]])
    }
  }

  @Test("a program is simulated once; a cache that is damaged is made again")
  func cached() async throws {
    defer { bench.remove() }
    let network = HandWritten.linear
    let uno = try Bench.profile("uno")
    let first = try #require(try await bench.simulate(network.program, on: uno, network.images(2)))
    let folder = bench.folder + "/simulations"
    let file = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".json") })
    var changed = first
    changed.images = 99
    try JSONEncoder().encode(changed).write(to: URL(filePath: folder + "/" + file))
    #expect(
      try await bench.simulate(network.program, on: uno, network.images(2))?.images == 99, "it was read")
    try Data("{".utf8).write(to: URL(filePath: folder + "/" + file))
    #expect(try await bench.simulate(network.program, on: uno, network.images(2)) == first)
    #expect(try await bench.simulate(network.program, on: uno, network.images(3))?.images == 3)
  }
}
