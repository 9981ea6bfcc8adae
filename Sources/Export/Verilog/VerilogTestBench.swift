import Execution
import Tensors

/// A test bench that checks itself.
///
/// It runs random images of fixed seeds against the outputs of the integer reference, every second one with
/// pauses on both sides.
struct VerilogTestBench {
  /// The number of images.
  static let images = 4

  let design: any VerilogDesign
  let name: String
  let integers: IntegerProgram

  /// Random images within the bounds of the input.
  static func inputs(_ program: IntegerProgram, count: Int = images) -> [[Int8]] {
    let input = program.values[program.inputs[0]]
    return (0..<count).map { image in
      var random = SeededRandom(seed: UInt64(image), purpose: "test bench")
      return (0..<input.shape.count).map { _ in
        Int8(
          input.bounds.lowerBound
            + Int32(random.below(Int(input.bounds.upperBound - input.bounds.lowerBound) + 1)))
      }
    }
  }

  var files: [ExportFile] {
    let inputs = Self.inputs(integers)
    let outputs = inputs.map { integers.values(of: [$0])[integers.outputs[0]] }
    return [
      file("\(name)_tb.v", "a test bench that checks itself: prints PASS or FAIL", lines),
      file("\(name)_images.hex", "its images", words(inputs)),
      file("\(name)_expected.hex", "what must come of them", words(outputs)),
    ]
  }

  private func words(_ rows: [[Int8]]) -> [String] {
    rows.joined().map { VerilogText.hexadecimal([(UInt(UInt8(bitPattern: $0)), 8)]) }
  }

  private func file(_ name: String, _ summary: String, _ lines: [String]) -> ExportFile {
    ExportFile(name: name, summary: summary, bytes: Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  private var lines: [String] {
    let (inputs, outputs) = (design.inputCount, design.outputCount)
    let limit = (design.cycles * 4 + inputs * 4 + 1000) * Self.images
    return [
      "// Checks \(name) on \(Self.images) images: iverilog -g2001 -o tb \(name)_tb.v \(name).v && vvp -n tb",
      "`timescale 1ns/1ps",
      "module \(name)_tb;",
      "  reg clk = 0, rst = 1;",
      "  always #5 clk = ~clk;",
      "  reg [7:0] images [0:\(inputs * Self.images - 1)], expected [0:\(outputs * Self.images - 1)];",
      "  initial begin",
      "    $readmemh(\"\(name)_images.hex\", images);",
      "    $readmemh(\"\(name)_expected.hex\", expected);",
      "    repeat (4) @(negedge clk);",
      "    rst = 0;",
      "  end",
      "  integer sent = 0, taken = 0, wrong = 0, cycle = 0, best = 0;",
      "  wire in_ready, out_valid, out_last;",
      "  wire [7:0] out_data;",
      "  wire [\(VerilogBits.index(outputs) - 1):0] out_class;",
      "  wire pauses = (taken / \(outputs)) % 2 == 1;",
      "  wire in_valid = !rst && sent < \(inputs * Self.images) && !(pauses && cycle[0]);",
      "  wire out_ready = !(pauses && cycle[1]);",
      "  \(name) network (clk, rst, in_valid, in_ready, images[sent], out_valid, out_ready, out_data, out_last, out_class);",
      "  always @(posedge clk) if (!rst) begin",
      "    cycle <= cycle + 1;",
      "    if (in_valid && in_ready) sent <= sent + 1;",
      "    if (out_valid && out_ready) begin",
      "      if (out_data !== expected[taken]) wrong = wrong + 1;",
      "      if (taken % \(outputs) == 0 || $signed(expected[taken]) > $signed(expected[best])) best = taken;",
      "      if (out_last !== (taken % \(outputs) == \(outputs - 1))) wrong = wrong + 1;",
      "      if (out_last && out_class !== best % \(outputs)) wrong = wrong + 1;",
      "      taken <= taken + 1;",
      "      if (taken == \(outputs * Self.images - 1)) begin",
      "        if (wrong == 0) $display(\"PASS: \(Self.images) images\");",
      "        else $display(\"FAIL: %0d outputs differ\", wrong);",
      "        $finish;",
      "      end",
      "    end",
      "    if (cycle > \(limit)) begin",
      "      $display(\"FAIL: no end after %0d cycles\", cycle);",
      "      $finish;",
      "    end",
      "  end",
      "endmodule",
    ]
  }
}
