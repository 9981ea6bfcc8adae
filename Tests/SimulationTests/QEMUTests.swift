import Export
import Foundation
import Targets
import Testing

@testable import Simulation

@Suite(
  "QEMU",
  .enabled(if: Bench.mayAsk("cortex-m4"), "gcc-arm-none-eabi or qemu-system-arm is missing: make simulators"),
  .serialized)
struct QEMUTests {
  let bench = Bench()

  @Test(
    "outputs are those of the same arithmetic in Swift on every core",
    arguments: ["cortex-m0plus", "cortex-m4", "cortex-m7", "cortex-m33"])
  func outputs(_ target: String) async throws {
    defer { bench.remove() }
    for network in [HandWritten.linear, HandWritten.convolution] {
      let images = network.images(5)
      let simulation = try #require(
        try await bench.simulate(network.program, on: try Bench.profile(target), images))
      #expect(simulation.numbers(network.program) == images.map { network.expected($0).map(Float.init) })
    }
  }

  /// A network with known instructions: a loop of a hundred rounds, a load and a return.
  private static let timed: CProgram = {
    let source = """
      int8_t hand_arena[4];
      hand_number *hand_input(void) { return hand_arena; }
      __attribute__((naked)) const hand_number *hand_run(void) {
        __asm volatile(".syntax unified\\n" "movs r0, #100\\n" "1: subs r0, r0, #1\\n" "cmp r0, #0\\n" "bne 1b\\n"
          "ldr r0, =hand_arena\\n" "bx lr\\n");
      }
      """
    return HandWritten.program(source, input: 4, output: 4, arena: 4, weights: 0, steps: 0)
  }()

  @Test("instructions are counted exactly, and cycles follow from the table")
  func closedForm() async throws {
    defer { bench.remove() }
    let images: [[Int8]] = [[1, 2, 3, 4], [9, 9, 9, 9]]
    let m4 = try #require(try await bench.simulate(Self.timed, on: try Bench.profile("cortex-m4"), images))
    // 1 + 3·100 + 1 + 1 instructions. 99 backward branches and the return are taken and take 2 cycles each,
    // like the load.
    #expect(m4.instructions == 303)
    let cycles = 303.0 + 1 + 2 * 100
    #expect(abs((m4.cycles?.mean ?? 0) - 1.2 * cycles) < 1e-6)
    #expect(m4.cycles?.least == m4.cycles?.most)
    #expect(m4.numbers(Self.timed) == images.map { $0.map(Float.init) })
    let m0 = try #require(
      try await bench.simulate(Self.timed, on: try Bench.profile("cortex-m0plus"), images))
    #expect(m0.cycles?.mean == cycles)
    let m33 = try #require(try await bench.simulate(Self.timed, on: try Bench.profile("cortex-m33"), images))
    #expect(abs((m33.cycles?.mean ?? 0) - 1.2 * 0.87 * cycles) < 1e-6)
  }

  @Test("the cycles of steps are told apart")
  func steps() async throws {
    defer { bench.remove() }
    let network = HandWritten.convolution
    let simulation = try #require(
      try await bench.simulate(network.program, on: try Bench.profile("cortex-m4"), network.images(3)))
    let mean = try #require(simulation.cycles?.mean)
    #expect(simulation.stepCycles[0] > 5 * simulation.stepCycles[1])
    let between = mean - simulation.stepCycles.reduce(0, +)
    #expect(between > 0 && between < 60, "two calls, a load and a return, found \(between)")
  }

  @Test("the linker refuses what does not fit, in bytes")
  func overflows() async throws {
    defer { bench.remove() }
    let network = HandWritten.linear
    let whole = try #require(
      try await bench.simulate(network.program, on: try Bench.profile("cortex-m4"), network.images(1)))
    var small = try Bench.profile("cortex-m4")
    let flash = whole.flash?.totalBytes ?? 0
    small.flashBytes = Sourced(Double(flash - 8), source: "test")
    let linked = try #require(try await bench.simulate(network.program, on: small, network.images(1)))
    #expect(linked.overflows == [MemoryOverflow(memory: "flash", bytes: 8, stage: "linked")])
    var narrow = try Bench.profile("cortex-m4")
    narrow.ramBytes = Sourced(Double(30 + 512 + 4), source: "test")
    let run = try #require(try await bench.simulate(network.program, on: narrow, network.images(1)))
    #expect(run.overflows.map(\.memory) == ["RAM"])
  }
}
