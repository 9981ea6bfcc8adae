import Execution

/// Linear layers computed all at once: every weight is wired into trees of shifts and additions with
/// registers.
///
/// The core takes an image in each clock cycle.
struct ParallelDesign: VerilogDesign {
  /// A linear layer as a graph of additions.
  struct Layer: Sendable {
    let node: String
    let products: IntegerProducts
    let inputs, outputs: Int
    let graph: AdderGraph
  }

  /// The largest number of digits of all weights: for more, neither this program nor a chip has the memory.
  static let mostDigits = 120_000

  let layers: [Layer]
  /// The number of successive additions between registers.
  let levels: Int
  private let core: ParallelCore

  init(_ program: IntegerProgram, levels: Int) throws(VerilogRefusal) {
    guard program.inputs.count == 1 else {
      throw VerilogRefusal(
        node: "inputs", kind: "input",
        reason: "Verilog takes one input, the network has \(program.inputs.count)")
    }
    var layers: [Layer] = []
    var present = program.inputs[0]
    for step in program.steps {
      func refused(_ reason: String) -> VerilogRefusal {
        VerilogRefusal(node: step.node, kind: step.kernel.kind, reason: reason)
      }
      guard step.inputs == [present] else { throw refused("is no layer of a chain; use verilog.form=folded") }
      present = step.output
      if step.kernel is IntegerReshape { continue }
      guard let linear = step.kernel as? IntegerLinear else {
        throw refused("has no parallel form in Verilog; use verilog.form=folded")
      }
      let weights = linear.products.weights.values
      let digits = weights.reduce(0) { $0 + SignedDigits.terms(Int($1)).count }
      guard digits <= Self.mostDigits else {
        throw refused(
          "would be wired as \(digits) digits of weights, more than \(Self.mostDigits); use verilog.form=folded"
        )
      }
      let rows = (0..<linear.outputs).map { row in
        weights[row * linear.inputs..<(row + 1) * linear.inputs].map(Int.init)
      }
      layers.append(
        Layer(
          node: step.node, products: linear.products, inputs: linear.inputs, outputs: linear.outputs,
          graph: AdderGraph(rows: rows)))
    }
    guard let first = layers.first, present == program.outputs.first else {
      throw VerilogRefusal(node: "outputs", kind: "output", reason: "is not what the last linear layer gives")
    }
    self.layers = layers
    self.levels = levels
    core = ParallelCore(layers, levels: levels, bounds: first.products.inputBounds)
  }

  var inputCount: Int { layers[0].inputs }
  var outputCount: Int { layers[layers.count - 1].outputs }
  var cycles: Int { inputCount + core.latency + 1 + outputCount }
  var interval: Int { cycles }
  var constantBits: Int { 0 }
  /// The bytes of registers of the stream: an image and its outputs.
  var valueBytes: Int { inputCount + outputCount }
  var passCycles: [(node: String, cycles: Int)] { [("all layers", cycles)] }
  /// The additions of all layers.
  var adders: Int { layers.reduce(0) { $0 + $1.graph.adders } }

  var summary: [String] {
    [
      "Form          parallel: every weight is wired; the core takes an image a clock, \(core.latency) clocks later its outputs come",
      "Registers     after every \(levels == 1 ? "addition" : "\(levels) additions")",
    ]
      + layers.map {
        "Layer         \"\(VerilogText.comment($0.node))\", \($0.inputs) to \($0.outputs): \($0.graph.adders) additions, "
          + "\($0.graph.depth) one behind another"
      }
  }

  func memories(_ name: String) -> [(name: String, summary: String, words: [String])] { [] }

  func modules(_ name: String) -> [String] {
    core.lines(name) + [""] + stream(name)
  }

  /// The Verilog of the stream around the core.
  private func stream(_ name: String) -> [String] {
    let (inputs, outputs, latency) = (inputCount, outputCount, core.latency)
    let classBits = VerilogBits.index(outputs)
    let placeBits = VerilogBits.index(max(inputs, outputs, latency + 2))
    return [
      "module \(name) (",
      "  input clk, input rst,",
      "  input in_valid, output in_ready, input [7:0] in_data,",
      "  output out_valid, input out_ready, output [7:0] out_data, output out_last,",
      "  output [\(classBits - 1):0] out_class",
      ");",
      "  localparam LOAD = 0, WAIT = 1, GIVE = 2;",
      "  reg [1:0] state;",
      "  reg [\(placeBits - 1):0] place;",
      "  reg [\(8 * inputs - 1):0] image;  // the first byte lowest",
      "  wire [\(8 * outputs - 1):0] made;",
      "  reg [\(8 * outputs - 1):0] results;",
      "  \(name)_core core (clk, image, made);",
      "  reg signed [7:0] best; reg [\(classBits - 1):0] best_place;",
      "  assign in_ready = state == LOAD;",
      "  assign out_valid = state == GIVE;",
      "  assign out_data = results[7:0];",
      "  assign out_last = place == \(outputs - 1);",
      "  wire better = place == 0 || $signed(results[7:0]) > best;",
      "  assign out_class = better ? place[\(classBits - 1):0] : best_place;",
      "  always @(posedge clk) begin",
      "    case (state)",
      "      LOAD: if (in_valid) begin",
      "        image <= {in_data\(inputs > 1 ? ", image[\(8 * inputs - 1):8]" : "")};",
      "        place <= place == \(inputs - 1) ? 0 : place + 1'b1;",
      "        if (place == \(inputs - 1)) state <= WAIT;",
      "      end",
      "      WAIT: begin",
      "        place <= place == \(latency) ? 0 : place + 1'b1; results <= made;",
      "        if (place == \(latency)) state <= GIVE;",
      "      end",
      "      default: if (out_ready) begin",
      "        results <= results >> 8;",
      "        if (better) begin best <= results[7:0]; best_place <= place; end",
      "        place <= out_last ? 0 : place + 1'b1;",
      "        if (out_last) state <= LOAD;",
      "      end",
      "    endcase",
      "    if (rst) begin state <= LOAD; place <= 0; end",
      "  end",
      "endmodule",
    ]
  }
}

/// The module of a parallel network without its stream: additions, and registers that keep all paths equally
/// long.
struct ParallelCore: Sendable {
  /// A signal with its range and the clock cycles from the image to it.
  private struct Signal {
    var name: String
    var range: ClosedRange<Int>
    var time: Int
  }

  /// The clock cycles from an image to its outputs.
  private(set) var latency = 0
  private var declarations: [String] = []
  private var clocked: [String] = []
  private var delays: [String: Int] = [:]
  private let levels: Int
  private let inputs, outputs: Int
  private var made: [Signal] = []

  init(_ layers: [ParallelDesign.Layer], levels: Int, bounds: ClosedRange<Int32>) {
    self.levels = levels
    (inputs, outputs) = (layers[0].inputs, layers[layers.count - 1].outputs)
    var signals = (0..<inputs).map { index in
      Signal(name: "x\(index)", range: Int(bounds.lowerBound)...Int(bounds.upperBound), time: 0)
    }
    for (index, layer) in layers.enumerated() { signals = append(layer, to: signals, prefix: "l\(index)") }
    made = signals
    latency = signals.map(\.time).max() ?? 0
  }

  /// Appends a layer; its outputs have equal times.
  private mutating func append(_ layer: ParallelDesign.Layer, to x: [Signal], prefix: String) -> [Signal] {
    let products = layer.products
    let sums = append(layer.graph, to: x, prefix: prefix + "_n")
    var outputs: [Signal] = []
    for channel in 0..<layer.outputs {
      let name = "\(prefix)_\(channel)"
      let row = products.weights.values[channel * layer.inputs..<(channel + 1) * layer.inputs]
      let offset = Int(products.bias[channel]) - Int(products.inputZero) * row.reduce(0) { $0 + Int($1) }
      let scale = FoldedPlan.Scale(
        multiplier: products.rescales[channel].multiplier, shift: products.rescales[channel].shift)
      let half = scale.shift > 0 ? 1 << (Int(scale.shift) - 1) : 0
      // Without a multiplication, the half for rounding goes into the bias.
      let isShift = scale.multiplier == 1
      var sum = constantAdded(
        offset + (isShift ? half : 0), to: sums[channel], name: name + "_b", time: x[0].time)
      if !isShift {
        let graph = AdderGraph(rows: [[Int(scale.multiplier)]])
        let product = append(graph, to: [sum], prefix: name + "_m")
        sum = constantAdded(half, to: product[0], name: name + "_r", time: sum.time)
      }
      outputs.append(bounded(sum, shift: Int(scale.shift), products, name: name))
    }
    let latest = outputs.map(\.time).max() ?? 0
    return outputs.map { delayed($0, to: latest) }
  }

  /// A result of an adder graph: a shifted signal with a sign; `nil` for zero.
  private typealias Sum = (signal: Signal, shift: Int, isNegative: Bool)

  /// Appends the additions of a graph.
  private mutating func append(_ graph: AdderGraph, to x: [Signal], prefix: String) -> [Sum?] {
    var values = x
    let start = x.first?.time ?? 0
    for (index, node) in graph.nodes.enumerated() {
      let depth = graph.depths[graph.inputs + index]
      let needed = start + (depth - 1) / levels
      let first = delayed(values[node.first.value], to: needed)
      let second = delayed(values[node.second.value], to: needed)
      let (a, b) = (first.range.shifted(node.first.shift), second.range.shifted(node.second.shift))
      let range =
        node.second.isNegative
        ? a.lowerBound - b.upperBound...a.upperBound - b.lowerBound
        : a.lowerBound + b.lowerBound...a.upperBound + b.upperBound
      let text =
        "\(Self.shifted(first.name, node.first.shift)) \(node.second.isNegative ? "-" : "+") "
        + Self.shifted(second.name, node.second.shift)
      let isRegistered = depth % levels == 0
      values.append(
        define("\(prefix)\(index)", text, range, time: start + depth / levels, isRegistered: isRegistered))
    }
    return graph.outputs.map { output in
      output.map { (values[$0.value], $0.shift, $0.isNegative) }
    }
  }

  /// The sum of a signal and a constant, in a register.
  private mutating func constantAdded(_ constant: Int, to sum: Sum?, name: String, time: Int) -> Signal {
    guard let sum else {
      return define(name, "\(constant)", constant...constant, time: time + 1, isRegistered: true)
    }
    let shifted = sum.signal.range.shifted(sum.shift)
    let range =
      sum.isNegative
      ? constant - shifted.upperBound...constant - shifted.lowerBound
      : constant + shifted.lowerBound...constant + shifted.upperBound
    let text = "\(constant) \(sum.isNegative ? "-" : "+") \(Self.shifted(sum.signal.name, sum.shift))"
    return define(name, text, range, time: sum.signal.time + 1, isRegistered: true)
  }

  /// The value `clamp(zero + (sum >> shift), bounds)`, in a register.
  private mutating func bounded(_ sum: Signal, shift: Int, _ products: IntegerProducts, name: String)
    -> Signal
  {
    let zero = Int(products.outputZero)
    let (low, high) = (Int(products.bounds.lowerBound), Int(products.bounds.upperBound))
    let range = sum.range.lowerBound >> shift...sum.range.upperBound >> shift
    let whole = define(name + "_q", "\(sum.name) >>> \(shift)", range, time: sum.time, isRegistered: false)
    let text =
      "\(whole.name) < \(low - zero) ? \(low) : \(whole.name) > \(high - zero) ? \(high) : \(whole.name) + \(zero)"
    return define(name + "_y", text, low...high, time: sum.time + 1, isRegistered: true)
  }

  private mutating func define(
    _ name: String, _ text: String, _ range: ClosedRange<Int>, time: Int, isRegistered: Bool
  ) -> Signal {
    let bits = "[\(VerilogBits.signed(range) - 1):0]"
    if isRegistered {
      declarations.append("  reg signed \(bits) \(name);")
      clocked.append("    \(name) <= \(text);")
    } else {
      declarations.append("  wire signed \(bits) \(name) = \(text);")
    }
    return Signal(name: name, range: range, time: time)
  }

  /// A signal delayed to a time; the registers on the way are shared.
  private mutating func delayed(_ signal: Signal, to time: Int) -> Signal {
    var signal = signal
    let name = signal.name
    let start = signal.time
    while signal.time < time {
      let next = "\(name)_d\(signal.time + 1 - start)"
      let later = Signal(name: next, range: signal.range, time: signal.time + 1)
      if delays[next] == nil {
        delays[next] = later.time
        _ = define(next, signal.name, signal.range, time: later.time, isRegistered: true)
      }
      signal = later
    }
    return signal
  }

  private static func shifted(_ name: String, _ shift: Int) -> String {
    shift == 0 ? name : "(\(name) <<< \(shift))"
  }

  func lines(_ name: String) -> [String] {
    let ins = (0..<inputs).map { "  wire signed [7:0] x\($0) = image[\(8 * $0) +: 8];" }
    let outs = made.enumerated().map { index, signal in
      "  wire signed [7:0] y\(index) = \(signal.name);"
    }
    return [
      "// Takes an image a clock; its outputs come \(latency) clocks later.",
      "module \(name)_core (input clk, input [\(8 * inputs - 1):0] image, output [\(8 * outputs - 1):0] made);",
    ] + ins + declarations + ["  always @(posedge clk) begin"] + clocked + ["  end"] + outs + [
      "  assign made = {\(made.indices.reversed().map { "y\($0)" }.joined(separator: ", "))};",
      "endmodule",
    ]
  }
}

extension ClosedRange<Int> {
  /// The range multiplied by a power of two.
  fileprivate func shifted(_ shift: Int) -> ClosedRange<Int> { lowerBound << shift...upperBound << shift }
}
