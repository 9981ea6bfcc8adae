import Export
import Foundation
import Targets

@testable import Simulation

/// Networks in handwritten C, with the results that they must compute.
struct HandWritten: Sendable {
  let program: CProgram
  /// The expected outputs for an image.
  let expected: @Sendable ([Int8]) -> [Int8]

  /// Images with a fixed pattern.
  func images(_ count: Int) -> [[Int8]] {
    (0..<count).map { image in
      (0..<program.inputCount).map { Int8(truncatingIfNeeded: 37 * $0 + 91 * image + $0 * $0) }
    }
  }

  /// Weights with a fixed pattern.
  private static func pattern(_ count: Int) -> [Int8] {
    (0..<count).map { Int8(truncatingIfNeeded: 29 * $0 + 7) }
  }

  private static func clamped(_ sum: Int, shift: Int) -> Int8 {
    Int8(min(max((sum + 1 << (shift - 1)) >> shift, -128), 127))
  }

  /// A network with 24 inputs and 6 outputs in one step: `y[o] = clamp((Σ w[o,i] x[i] + 512) >> 10)`.
  static let linear: HandWritten = {
    let weights = pattern(24 * 6)
    let source = """
      static const int8_t hand_weights[144] STORED = {\(list(weights))};
      static int8_t hand_arena[30];
      hand_number *hand_input(void) { return hand_arena; }
      static __attribute__((noinline)) void hand_step_0(void) {
        for (uint8_t o = 0; o < 6; o++) {
          int32_t sum = 0;
          for (uint8_t i = 0; i < 24; i++) sum += (int16_t)WEIGHT(&hand_weights[24 * o + i]) * hand_arena[i];
          sum = (sum + 512) >> 10;
          hand_arena[24 + o] = sum > 127 ? 127 : sum < -128 ? -128 : sum;
        }
      }
      const hand_number *hand_run(void) { hand_step_0(); return hand_arena + 24; }
      """
    return HandWritten(program: program(source, input: 24, output: 6, arena: 30, weights: 144, steps: 1)) {
      x in
      (0..<6).map { o in
        clamped((0..<24).reduce(0) { $0 + Int(weights[24 * o + $1]) * Int(x[$1]) }, shift: 10)
      }
    }
  }()

  /// A network of two steps: a 3×3 convolution of 6×6×2 (channels last) into 4×4×4, and a global maximum for
  /// each channel.
  ///
  /// The convolution has no padding.
  static let convolution: HandWritten = {
    let weights = pattern(4 * 9 * 2)
    let source = """
      static const int8_t hand_weights[72] STORED = {\(list(weights))};
      static int8_t hand_arena[140];
      hand_number *hand_input(void) { return hand_arena; }
      static __attribute__((noinline)) void hand_step_0(void) {
        for (uint8_t i = 0; i < 4; i++)
          for (uint8_t j = 0; j < 4; j++)
            for (uint8_t o = 0; o < 4; o++) {
              int32_t sum = 0;
              for (uint8_t u = 0; u < 3; u++)
                for (uint8_t v = 0; v < 6; v++)
                  sum += (int16_t)WEIGHT(&hand_weights[18 * o + 6 * u + v]) * hand_arena[12 * (i + u) + 2 * j + v];
              sum = (sum + 256) >> 9;
              hand_arena[72 + 16 * i + 4 * j + o] = sum > 127 ? 127 : sum < -128 ? -128 : sum;
            }
      }
      static __attribute__((noinline)) void hand_step_1(void) {
        for (uint8_t o = 0; o < 4; o++) {
          int8_t most = -128;
          for (uint8_t p = 0; p < 16; p++) if (hand_arena[72 + 4 * p + o] > most) most = hand_arena[72 + 4 * p + o];
          hand_arena[136 + o] = most;
        }
      }
      const hand_number *hand_run(void) { hand_step_0(); hand_step_1(); return hand_arena + 136; }
      """
    return HandWritten(program: program(source, input: 72, output: 4, arena: 140, weights: 72, steps: 2)) {
      x in
      (0..<4).map { o in
        (0..<16).map { p in
          let (i, j) = (p / 4, p % 4)
          let sum = (0..<18).reduce(0) { sum, k in
            sum + Int(weights[18 * o + k]) * Int(x[12 * (i + k / 6) + 2 * j + k % 6])
          }
          return clamped(sum, shift: 9)
        }.max() ?? 0
      }
    }
  }()

  /// A program around a source with the names `hand_…`.
  static func program(
    _ source: String, input: Int, output: Int, arena: Int, weights: Int, steps: Int
  ) -> CProgram {
    let header = """
      #include <stdint.h>
      typedef int8_t hand_number;
      hand_number *hand_input(void);
      const hand_number *hand_run(void);

      """
    let before = """
      #include "hand.h"
      #ifdef __AVR__
      #include <avr/pgmspace.h>
      #define STORED PROGMEM
      #define WEIGHT(p) ((int8_t)pgm_read_byte(p))
      #else
      #define STORED
      #define WEIGHT(p) (*(p))
      #endif

      """
    return CProgram(
      name: "hand", header: Array(header.utf8), source: Array((before + source + "\n").utf8),
      steps: (0..<steps).map { "step \($0)" }, number: .int8, inputCount: input, outputCount: output,
      arenaBytes: arena, weightBytes: weights)
  }

  private static func list(_ numbers: [Int8]) -> String { numbers.map(String.init).joined(separator: ",") }
}

/// The profiles of the checkout, with a folder for results that is removed with the test.
struct Bench {
  let folder = FileManager.default.temporaryDirectory.appending(path: "condense-" + UUID().uuidString).path

  static func profile(_ name: String) throws -> TargetProfile {
    let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try TargetProfile.named(name, searching: [checkout.appending(path: "Recipes/targets").path])
  }

  /// True if a test may use a profile's simulator.
  ///
  /// A missing simulator makes tests fail only in continuous integration.
  static func mayAsk(_ name: String) -> Bool {
    if ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil { return true }
    guard let profile = try? profile(name),
      let simulator = try? SimulatorCatalogue.standard.simulator(of: profile)
    else { return true }
    return simulator.missingTools.isEmpty
  }

  var runner: SimulationRunner { SimulationRunner(cacheFolder: folder) }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// Simulates images of int8 numbers.
  func simulate(
    _ program: CProgram, on target: TargetProfile, _ images: [[Int8]]
  ) async throws -> Simulation? {
    try await runner.simulate(program, on: target, images: ImageBytes(images))
  }
}
