public import Execution
import Tensors

/// The artifact of Verilog export: a module with its memories and its costs, and a test bench that checks
/// itself.
public struct VerilogArtifact: Artifact {
  /// The name of the module, which begins the names of all files.
  public let name: String
  /// The integer program that the module computes bit for bit.
  public let integers: IntegerProgram
  /// The clock cycles from the first byte of an image to its last output, if both sides are always ready.
  public let cycles: Int
  /// The clock cycles from one image to the next.
  public let interval: Int
  /// The bytes of an image, and of its outputs.
  public let inputCount, outputCount: Int
  /// The bits of weights and other constants in memories.
  public let constantBits: Int
  /// The bytes of memory for values.
  public let valueBytes: Int
  /// The node and the clock cycles of each pass; one entry for all layers if they run at once.
  public let passes: [(node: String, cycles: Int)]
  /// The name of the top module: the one that takes pixels, or the network itself if the model describes no
  /// pixels.
  public let topModule: String
  /// The source and the contents of memories, which synthesis needs.
  public let sources: [ExportFile]
  private let bench: [ExportFile]

  /// All files, with those of the test bench.
  public var files: [ExportFile] { sources + bench }

  init(_ design: any VerilogDesign, name: String, integers: IntegerProgram, pixels: CPixels?) {
    self.name = name
    self.integers = integers
    (cycles, interval) = (design.cycles, design.interval)
    (inputCount, outputCount) = (design.inputCount, design.outputCount)
    constantBits = design.constantBits
    valueBytes = design.valueBytes
    passes = design.passCycles
    topModule = pixels == nil ? name : name + "_pixels"
    var lines = VerilogHeader(design: design, name: name, integers: integers, top: topModule).lines
    lines += design.modules(name)
    if let pixels {
      lines += [""] + VerilogPixels(pixels: pixels, name: name, design: design, integers: integers).lines
    }
    sources =
      [
        ExportFile(
          name: "\(name).v", summary: "the network: \(cycles) cycles an image",
          bytes: Array((lines.joined(separator: "\n") + "\n").utf8))
      ]
      + design.memories(name).map { memory in
        ExportFile(
          name: memory.name, summary: memory.summary,
          bytes: Array((memory.words.joined(separator: "\n") + "\n").utf8))
      }
    bench = VerilogTestBench(design: design, name: name, integers: integers).files
  }
}

/// A layout of an integer program as hardware.
///
/// The module `NAME` takes an image as a stream of signed bytes and returns its outputs as one: `in_valid`,
/// `in_ready`, `in_data`, then `out_valid`, `out_ready`, `out_data`, `out_last`, and with the last output
/// `out_class`, the index of the largest.
protocol VerilogDesign: Sendable {
  var cycles: Int { get }
  var interval: Int { get }
  var inputCount: Int { get }
  var outputCount: Int { get }
  var constantBits: Int { get }
  var valueBytes: Int { get }
  var passCycles: [(node: String, cycles: Int)] { get }
  /// The description for readers, one fact per line.
  var summary: [String] { get }
  /// The text of its modules.
  func modules(_ name: String) -> [String]
  /// The files with the contents of memories.
  func memories(_ name: String) -> [(name: String, summary: String, words: [String])]
}

/// The comment at the top of a source.
struct VerilogHeader {
  let design: any VerilogDesign
  let name: String
  let integers: IntegerProgram
  let top: String

  var lines: [String] {
    let (input, output) = (integers.values[integers.inputs[0]], integers.values[integers.outputs[0]])
    let products = integers.steps.reduce(0) { $0 + $1.kernel.multiplyAdds }
    return [
      "/* \(name): a neural network in Verilog-2001, written by condense.", "",
      "   Arithmetic    signed bytes, sums of exactly as many bits as they need; equal to the integer reference bit for bit",
      "   Input         \(input.shape) (channels, height, width), a byte a clock, row by row, channel after channel",
      "   Output        \(output.shape), a byte a clock; out_class, with out_last: the place of the largest",
      "   Work          \(products) multiply-adds in \(integers.steps.count) steps",
      "   Cycles        \(design.cycles) from an image's first byte to its last output; \(design.interval) from image to image",
      "   Constants     \(design.constantBits) bits in memories",
    ] + design.summary.map { "   " + $0 } + [
      "",
      "   Bytes move in a cycle in which valid and ready are both 1. rst is synchronous. Memories are filled from files",
      "   beside this one: run tools in this folder. Module to synthesize: \(top). */",
      "",
    ]
  }
}

/// A module around the network that takes pixels and looks up the input of each in a table.
struct VerilogPixels {
  let pixels: CPixels
  let name: String
  let design: any VerilogDesign
  let integers: IntegerProgram

  private var tables: [[Int8]] { pixels.tables }
  private var plane: Int { design.inputCount / max(1, tables.count) }

  /// The words of the tables, channel by channel: one byte for each pixel value.
  static func words(_ tables: [[Int8]]) -> [String] {
    tables.joined().map { VerilogText.hexadecimal([(UInt(UInt8(bitPattern: $0)), 8)]) }
  }

  var lines: [String] {
    let classBits = VerilogBits.index(design.outputCount)
    let (channelBits, placeBits) = (VerilogBits.index(tables.count), VerilogBits.index(plane))
    let hasChannels = tables.count > 1
    var lines = [
      "// The same for pixels of 0 to 255, in the same order.",
      "module \(name)_pixels (",
      "  input clk, input rst,",
      "  input in_valid, output in_ready, input [7:0] in_data,",
      "  output out_valid, input out_ready, output [7:0] out_data, output out_last,",
      "  output [\(classBits - 1):0] out_class",
      ");",
      "  reg [7:0] numbers [0:\(tables.count * 256 - 1)];",
      "  initial begin",
    ]
    for (channel, table) in tables.enumerated() {
      for start in stride(from: 0, to: 256, by: 8) {
        let words = (start..<start + 8).map { pixel in
          "numbers[\(channel * 256 + pixel)] = 8'h\(VerilogText.hexadecimal([(UInt(UInt8(bitPattern: table[pixel])), 8)]));"
        }
        lines.append("    " + words.joined(separator: " "))
      }
    }
    lines += [
      "  end",
      "  reg held; reg [7:0] number;",
      "  wire taken;",
      "  assign in_ready = !held | taken;",
    ]
    if hasChannels {
      lines += ["  reg [\(channelBits - 1):0] channel; reg [\(placeBits - 1):0] place;"]
    }
    lines += [
      "  always @(posedge clk) begin",
      "    if (in_ready) begin",
      "      number <= numbers[\(hasChannels ? "{channel, in_data}" : "in_data")];",
      "      held <= in_valid;",
    ]
    if hasChannels {
      lines += [
        "      if (in_valid) begin",
        "        place <= place == \(plane - 1) ? 0 : place + 1'b1;",
        "        if (place == \(plane - 1)) channel <= channel == \(tables.count - 1) ? 0 : channel + 1'b1;",
        "      end",
      ]
    }
    return lines + [
      "    end",
      "    if (rst) begin held <= 0;\(hasChannels ? " channel <= 0; place <= 0;" : "") end",
      "  end",
      "  wire ready;",
      "  assign taken = ready;",
      "  \(name) network (clk, rst, held, ready, number, out_valid, out_ready, out_data, out_last, out_class);",
      "endmodule",
    ]
  }
}
