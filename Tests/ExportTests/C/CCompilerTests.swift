import Execution
import Foundation
import Graphs
import Ops
import Tensors
import TestSupport
import Testing

@testable import Export

/// A program with every routine, for tests of compilers.
enum RoutineCoverage {
  private static let storages: [WeightMaker] = [
    RandomKernels.dense(8), RandomKernels.dense(3), RandomKernels.codebook(4),
    RandomKernels.sparse(8, kept: 0.1), RandomKernels.levels([1, 2, 4, 8, 16, 32, 64], bits: 4),
    RandomKernels.signs,
  ]

  /// A chain of convolutions, depthwise convolutions and linear layers in every storage, and pools.
  static func program() throws -> IntegerProgram {
    var kernels = RandomKernels("coverage")
    var shapes: [Shape] = [[4, 6, 6]]
    var steps: [any IntegerKernel] = []
    func append(_ kernel: any IntegerKernel, _ output: Shape) {
      steps.append(kernel)
      shapes.append(output)
    }
    for weights in storages {
      for groups in [1, 4] {
        let op = Conv2D(filters: 4, kernel: 3, padding: 1, groups: groups)
        append(try kernels.convolution([4, 6, 6], op, weights), [4, 6, 6])
      }
    }
    append(
      IntegerMaxPool(input: [4, 6, 6], output: [4, 3, 3], kernel: 2, stride: 2, padding: 0), [4, 3, 3])
    append(
      IntegerAveragePool(
        input: [4, 3, 3], output: [4, 1, 1], kernel: 3, stride: 3, padding: 0, countsPadding: true,
        inputZero: 0,
        ratio: 1, outputZero: 0, bounds: -128...127), [4, 1, 1])
    append(IntegerReshape(), [4])
    for weights in storages { append(kernels.linear(shapes[shapes.count - 1][0], 5, weights), [5]) }
    kernels.inputBounds = 0...1
    append(kernels.linear(5, 16, RandomKernels.signs), [16])
    append(IntegerReshape(), [1, 4, 4])
    append(
      try kernels.convolution([1, 4, 4], Conv2D(filters: 3, kernel: 3, padding: 1), RandomKernels.signs),
      [3, 4, 4])
    return IntegerProgram(
      values: shapes.enumerated().map {
        IntegerProgram.Value(name: "v\($0)", shape: $1, scale: 1, zeroPoint: 0, bounds: -128...127)
      },
      inputs: [0], outputs: [steps.count],
      steps: steps.enumerated().map { .init(node: "n\($0)", inputs: [$0], output: $0 + 1, kernel: $1) })
  }
}

@Suite("C under the compilers of targets")
struct CCompilerTests {
  @Test(
    "The host's compiler says nothing at any level", .enabled(if: HostCompiler() != nil, "no C compiler here")
  )
  func host() throws { try expectSilence("cc", []) }

  @Test(
    "AVR's compiler says nothing at any level",
    .enabled(if: HostCompiler(["avr-gcc"]) != nil, "no avr-gcc here"))
  func avr() throws { try expectSilence("avr-gcc", ["-mmcu=atmega328p"]) }

  /// Routines with one caller are inlined, where assembly may find no registers left.
  @Test(
    "AVR's compiler takes linear layers alone, with ratios below and above a quarter",
    .enabled(if: HostCompiler(["avr-gcc"]) != nil, "no avr-gcc here"), arguments: [-8, 0])
  func avrAlone(exponent: Int) throws {
    let compiler = try #require(HostCompiler(["avr-gcc"]))
    for sizes in [[192, 2], [192, 8, 3]] {
      var kernels = RandomKernels("alone")
      let program = IntegerProgram(
        values: sizes.enumerated().map {
          .init(name: "value\($0)", shape: [$1], scale: 1, zeroPoint: 0, bounds: -128...127)
        }, inputs: [0], outputs: [sizes.count - 1],
        steps: (1..<sizes.count).map { layer in
          .init(
            node: "layer\(layer)", inputs: [layer - 1], output: layer,
            kernel: kernels.linear(
              sizes[layer - 1], sizes[layer], exponent: exponent, RandomKernels.dense(8)))
        })
      try expectSilence(compiler, ["-mmcu=atmega328p"], program)
    }
  }

  @Test(
    "Arm's compiler says nothing at any level, with and without dual products",
    .enabled(if: HostCompiler(["arm-none-eabi-gcc"]) != nil, "no arm-none-eabi-gcc here"),
    arguments: ["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33"])
  func arm(_ processor: String) throws {
    try expectSilence("arm-none-eabi-gcc", ["-mcpu=\(processor)", "-mthumb"])
  }

  private func expectSilence(_ tool: String, _ flags: [String]) throws {
    let compiler = try #require(HostCompiler([tool]))
    for huffman in [false, true] { try expectSilence(compiler, flags, huffman) }
  }

  private func expectSilence(_ compiler: HostCompiler, _ flags: [String], _ huffman: Bool) throws {
    try expectSilence(compiler, flags, try RoutineCoverage.program(), huffman)
  }

  private func expectSilence(
    _ compiler: HostCompiler, _ flags: [String], _ program: IntegerProgram, _ huffman: Bool = false
  ) throws {
    let exported = try ExportedPrograms([program], huffman: huffman)
    defer { exported.remove() }
    let source = try String(contentsOfFile: exported.folder + "/network.c", encoding: .utf8)
    #expect(source.contains("_decode(") == huffman)
    for level in ["-O0", "-O1", "-O2", "-O3", "-Os"] {
      let all = ExportedPrograms.strict + flags + [level, "-ffreestanding", "-c"]
      let message = errorMessage {
        try compiler.compile(exported.folder + "/network.c", to: exported.folder + "/network.o", flags: all)
        try compiler.compile(exported.folder + "/main.c", to: exported.folder + "/main.o", flags: all)
      }
      #expect(message == "nothing thrown", "\(compiler.path) \(flags) \(level): \(message)")
    }
  }

  @Test(
    "Nothing is called that the source does not define", .enabled(if: HostCompiler(["nm"]) != nil, "no nm"))
  func undefinedSymbols() throws {
    guard let compiler = HostCompiler(), let nm = HostCompiler(["nm"]) else { return }
    let exported = try ExportedPrograms([try RoutineCoverage.program()])
    defer { exported.remove() }
    for level in ["-O0", "-O1", "-O2", "-O3", "-Os"] {
      let object = exported.folder + "/network.o"
      try compiler.compile(
        exported.folder + "/network.c", to: object,
        flags: ["-std=c99", level, "-ffreestanding", "-fno-stack-protector", "-fno-pic", "-c"])
      #expect(try HostCompiler.run(nm.path, ["-u", object]).isEmpty, "\(level)")
    }
  }
}
