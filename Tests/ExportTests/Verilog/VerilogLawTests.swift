import Execution
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Export

@Suite("Verilog computes the integer reference's bytes")
struct VerilogLawTests {
  private static let cases: [VerilogCase] = [
    VerilogCase(.perceptron, .powers), VerilogCase(.dropout, .bytes, units: 3),
    VerilogCase(.lenet, .bytes), VerilogCase(.lenet, .powers, units: 1),
    VerilogCase(.lenet, .signs, units: 64),
    VerilogCase(.residual, .bytes, units: 5), VerilogCase(.residual, .terms),
    VerilogCase(.separable, .bytes), VerilogCase(.fire, .powers), VerilogCase(.fire, .four, units: 8),
  ]

  @Test(
    "Verilator, 1,000 images", .enabled(if: HostCompiler(["verilator"]) != nil, "no verilator here"),
    arguments: cases)
  func verilator(_ example: VerilogCase) throws {
    let artifact = try example.artifact()
    let run = try VerilatorRun(artifact, verilator: try VerilatorRun.tool())
    defer { run.remove() }
    let images = VerilogTestBench.inputs(artifact.integers, count: 1000)
    let (found, cycles) = try run.outputs(of: images)
    let expected = artifact.references(images)
    let differing = zip(found, expected).count { $0 != $1 }
    #expect(differing == 0, "\(differing) of \(expected.count) outputs differ")
    #expect(Set(expected).count > 3, "the outputs hardly differ from one another")
    #expect(Set(cycles) == [artifact.cycles], "the comment tells the cycles that an image takes")
  }

  @Test(
    "Icarus runs the test bench, which tells a wrong byte",
    .enabled(if: HostCompiler(["iverilog"]) != nil, "no iverilog here"),
    arguments: [
      VerilogCase(.dropout, .bytes), VerilogCase(.perceptron, .powers), VerilogCase(.fire, .powers),
      VerilogCase(.lenet, .signs),
    ])
  func icarus(_ example: VerilogCase) throws {
    let artifact = try example.artifact()
    try artifact.inFolder { folder in
      func verdict() throws -> String {
        let compiler = HostCompiler(["iverilog"])?.path ?? ""
        _ = try HostCompiler.run(
          compiler, ["-g2001", "-Wall", "-o", "tb", "tiny_tb.v", "tiny.v"], in: folder)
        return try HostCompiler.run(HostCompiler(["vvp"])?.path ?? "", ["-n", "tb"], in: folder)
      }
      #expect(try verdict().contains("PASS: 4 images"))
      let path = folder + "/tiny_expected.hex"
      let words = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
      let changed = [words[0] == "00" ? "01" : "00"] + words.dropFirst()
      try changed.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
      #expect(try verdict().contains("FAIL"))
    }
  }

  @Test(
    "Pixels become the input's numbers as the host makes them",
    .enabled(if: HostCompiler(["iverilog"]) != nil, "no iverilog here"))
  func pixels() throws {
    let program = try IntegerProgram(try VerilogCase(.fire, .powers).quantized())
    let shape = program.values[program.inputs[0]].shape
    let tables = (0..<3).map { channel in
      (0..<256).map { Int8(truncatingIfNeeded: $0 * (3 + 2 * channel) - 77) }
    }
    let artifact = VerilogArtifact(
      try FoldedDesign(program, lanes: 2), name: "tiny", integers: program, pixels: CPixels(tables: tables))
    #expect(artifact.topModule == "tiny_pixels")
    var random = SeededRandom(seed: 3, purpose: "pixels")
    let pixels = (0..<2 * shape.count).map { _ in random.below(256) }
    let plane = shape[1] * shape[2]
    let images = (0..<2).map { image in
      (0..<shape.count).map { tables[$0 / plane][pixels[image * shape.count + $0]] }
    }
    let expected = artifact.references(images)
    let bench = """
      module tb; reg clk = 0, rst = 1; always #5 clk = ~clk; integer sent = 0, taken = 0;
      reg [7:0] pixels [0:\(pixels.count - 1)]; initial $readmemh("pixels.hex", pixels);
      wire in_ready, out_valid, out_last; wire [7:0] out_data; wire [2:0] out_class;
      wire in_valid = !rst && sent < \(pixels.count) && sent % 7 != 3 | taken[0]; reg gap = 0;
      tiny_pixels network (clk, rst, (in_valid | gap) & !rst & sent < \(pixels.count), in_ready, pixels[sent], out_valid, 1'b1, out_data,
        out_last, out_class);
      initial begin repeat (3) @(negedge clk); rst = 0; end
      always @(posedge clk) begin gap <= !in_valid; if (!rst) begin
        if ((in_valid | gap) & in_ready & sent < \(pixels.count)) sent <= sent + 1;
        if (out_valid) begin $display("%0d", $signed(out_data)); taken <= taken + 1;
          if (taken == \(expected.count - 1)) $finish; end
      end end endmodule
      """
    try artifact.inFolder { folder in
      try bench.write(toFile: folder + "/bench.v", atomically: true, encoding: .utf8)
      try pixels.map { String($0, radix: 16) }.joined(separator: "\n")
        .write(toFile: folder + "/pixels.hex", atomically: true, encoding: .utf8)
      _ = try HostCompiler.run(
        HostCompiler(["iverilog"])?.path ?? "", ["-g2001", "-o", "pix", "bench.v", "tiny.v"], in: folder)
      let text = try HostCompiler.run(HostCompiler(["vvp"])?.path ?? "", ["-n", "pix"], in: folder)
      #expect(text.split(separator: "\n").compactMap { Int8($0) } == expected)
    }
  }

  @Test(
    "The parallel form, for additions behind one another",
    .enabled(if: HostCompiler(["verilator"]) != nil, "no verilator here"),
    arguments: [(1, 8), (3, 8), (1, 4), (2, 1)])
  func parallel(levels: Int, bits: Int) throws {
    let program = RandomChain.program(bits: bits, zero: -17)
    let artifact = VerilogArtifact(
      try ParallelDesign(program, levels: levels), name: "tiny", integers: program, pixels: nil)
    let run = try VerilatorRun(artifact, verilator: try VerilatorRun.tool())
    defer { run.remove() }
    let images = VerilogTestBench.inputs(program, count: 1000)
    let (found, cycles) = try run.outputs(of: images)
    #expect(found == artifact.references(images))
    #expect(Set(found).count > 3)
    #expect(Set(cycles) == [artifact.cycles])
  }
}

/// Chains of linear layers with random constants.
enum RandomChain {
  static func program(bits: Int, zero: Int32) -> IntegerProgram {
    var random = SeededRandom(seed: 11, purpose: "chain")
    let widths = [19, 12, 7, 5]
    let steps = (1..<widths.count).map { layer in
      let (inputs, outputs) = (widths[layer - 1], widths[layer])
      let reach = 1 << (bits - 1)
      let weights = (0..<inputs * outputs).map { _ in
        bits == 1 ? Int8(random.below(2) * 2 - 1) : Int8(random.below(2 * reach - 1) - reach + 1)
      }
      let spread = Double(inputs).squareRoot() * Double(reach) * 2
      return IntegerProgram.Step(
        node: "n\(layer)", inputs: [layer - 1], output: layer,
        kernel: IntegerLinear(
          inputs: inputs, outputs: outputs,
          products: IntegerProducts(
            weights: IntegerWeights(values: weights, storage: .dense(bits: max(2, bits))),
            bias: (0..<outputs).map { _ in Int32(random.below(4001) - 2000) },
            inputZero: layer == 1 ? zero : 5,
            rescales: (0..<outputs).map { Rescale($0 % 3 == 0 ? 0.25 / spread.rounded() : 1 / (spread * 2)) }
              .enumerated().map { $0.offset % 2 == 0 ? Rescale(1.0 / 64) : $0.element }, outputZero: 5,
            bounds: layer == 3 ? -128...127 : 5...127)))
    }
    return IntegerProgram(
      values: widths.enumerated().map {
        IntegerProgram.Value(name: "v\($0)", shape: [$1], scale: 1, zeroPoint: 0, bounds: -128...127)
      }, inputs: [0], outputs: [widths.count - 1], steps: steps)
  }
}
