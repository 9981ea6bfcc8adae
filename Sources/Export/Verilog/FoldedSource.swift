import Execution
import Ops

/// The folded engine as Verilog-2001: a state machine, lanes, one rescaling unit, and memories with one
/// reader each.
struct FoldedSource {
  let plan: FoldedPlan
  let name: String

  private var hasWindows: Bool {
    passes.contains {
      $0.windows.map { $0.kernel.count > 1 || $0.outputHeight * $0.outputWidth > 1 } ?? false
    }
  }
  private var hasGroups: Bool { passes.contains { ($0.windows?.groups ?? 1) > 1 } }
  private var isPadded: Bool { passes.contains { $0.windows?.isPadded ?? false } }
  private var hasMaximum: Bool { passes.contains { $0.windows?.isMaximum ?? false } }
  private var hasElements: Bool { passes.contains { $0.elements != nil } }
  private var hasSums: Bool { !plan.weights.isEmpty }
  private var hasTables: Bool { !plan.tables.isEmpty }
  private var passes: [FoldedPlan.Pass] { plan.passes }
  private var lanes: Int { plan.lanes }

  private var addressBits: Int { VerilogBits.index(plan.arenaBytes) }
  private var weightBits: Int { VerilogBits.index(plan.weights.count) }
  private var scaleBits: Int { VerilogBits.index(plan.scales.count) }
  private var classBits: Int { VerilogBits.index(plan.outputCount) }

  // The arithmetic of the rescaling unit.
  private var multipliers: [Int32] { plan.multipliers.isEmpty ? [1] : plan.multipliers }
  private var shifts: [Int32] { plan.shifts.isEmpty ? [0] : plan.shifts }
  private var multipliesByShifts: Bool {
    multipliers.allSatisfy { $0 > 0 && $0.nonzeroBitCount == 1 } && multipliers.count <= 16
  }
  private var picksShift: Bool { shifts.count <= 16 }
  private var multiplierBits: Int {
    multipliesByShifts
      ? VerilogBits.index(multipliers.count) : VerilogBits.index(Int(multipliers.max() ?? 1) + 1)
  }
  private var shiftBits: Int { picksShift ? VerilogBits.index(shifts.count) : 6 }
  private var totalBits: Int {
    plan.biasedBits + VerilogBits.index(Int(multipliers.max() ?? 1)) + VerilogBits.index(plan.mostTerms)
  }

  private func code(multiplier: Int32) -> Int {
    multipliesByShifts ? multipliers.firstIndex(of: multiplier) ?? 0 : Int(multiplier)
  }
  private func code(shift: Int32) -> Int { picksShift ? shifts.firstIndex(of: shift) ?? 0 : Int(shift) }

  /// The words of the weights' ROM, in hexadecimal.
  var weightWords: [String] {
    plan.weights.map { word in VerilogText.hexadecimal(word.map { (plan.lane.code($0), plan.lane.bits) }) }
  }

  private var scaleWidth: Int { plan.biasedBits + multiplierBits + shiftBits }

  /// The words of the rescalings' ROM, in hexadecimal: shift, multiplier and bias from the highest bit.
  var scaleWords: [String] {
    plan.scales.map { scale in
      VerilogText.hexadecimal([
        (UInt(bitPattern: scale.bias) & (1 << UInt(plan.biasedBits) - 1), plan.biasedBits),
        (UInt(code(multiplier: scale.multiplier)), multiplierBits),
        (UInt(code(shift: scale.shift)), shiftBits),
      ])
    }
  }

  /// The words of the tables' ROM: the byte for each number, indexed with the highest bit inverted.
  var tableWords: [String] {
    plan.tables.flatMap { $0 }.map { VerilogText.hexadecimal([(UInt(UInt8(bitPattern: $0)), 8)]) }
  }

  /// The module's text.
  var lines: [String] {
    ports + declarations + memories + constants + engine + lanesText + rescaling + ["endmodule"]
  }

  private var ports: [String] {
    [
      "module \(name) (",
      "  input clk, input rst,",
      "  input in_valid, output in_ready, input [7:0] in_data,",
      "  output out_valid, input out_ready, output reg [7:0] out_data, output out_last,",
      "  output reg [\(classBits - 1):0] out_class",
      ");",
    ]
  }

  /// The constants that a pass loads, each with its bits and its value in every pass.
  private var passConstants: [PassConstant] {
    let address = addressBits
    var list = [
      PassConstant("k_elements", 1, passes) { $0.elements == nil ? 0 : 1 },
      PassConstant("k_zero", 9, passes) { Int($0.inputZero) },
      PassConstant("k_output", address, passes) { $0.output },
      PassConstant("k_round", 9, passes) { 2 * Int($0.outputZero) + 1 },
      PassConstant("k_low", 8, passes) { Int($0.bounds.lowerBound) },
      PassConstant("k_high", 8, passes) { Int($0.bounds.upperBound) },
      PassConstant("k_input", address, passes) { pass in
        pass.input - (pass.windows?.margin ?? 0)
      },
      windows("k_terms") { $0.channels - 1 },
      windows("k_weights", weightBits) { $0.weightBase },
      windows("k_scales", scaleBits) { $0.scaleBase },
      windows("k_rounds") { ($0.filters - 1) / lanes },
      windows("k_tail", VerilogBits.index(lanes)) { ($0.filters - 1) % lanes },
      windows("k_plane", address) { $0.outputHeight * $0.outputWidth },
    ]
    if hasMaximum { list.append(windows("k_maximum", 1) { $0.isMaximum ? 1 : 0 }) }
    if hasGroups {
      list += [
        windows("k_groups") { $0.groups - 1 },
        windows("k_group_step", address) { $0.channels * $0.height * $0.width },
        windows("k_again", 1) { $0.sharesWeights ? 1 : 0 },
      ]
    }
    if hasWindows {
      list += [
        windows("k_kernel_rows") { $0.kernel.height - 1 },
        windows("k_kernel_columns") { $0.kernel.width - 1 },
        windows("k_rows") { $0.outputHeight - 1 },
        windows("k_columns") { $0.outputWidth - 1 },
        windows("k_step_column", address) { $0.dilation.width },
        windows("k_step_row", address) { $0.rowStep },
        windows("k_step_channel", address) { $0.channelStep },
        windows("k_stride_column", address) { $0.stride.width },
        windows("k_stride_row", address) { $0.stride.height * $0.width },
      ]
    }
    if isPadded {
      let bits = placeBits
      list += [
        windows("k_height", bits) { $0.height }, windows("k_width", bits) { $0.width },
        windows("k_top", bits) { -$0.padding.height }, windows("k_left", bits) { -$0.padding.width },
        windows("k_dilate_rows", bits) { $0.dilation.height },
        windows("k_dilate_columns", bits) { $0.dilation.width },
        windows("k_stride_rows", bits) { $0.stride.height },
        windows("k_stride_columns", bits) { $0.stride.width },
      ]
    }
    if hasElements {
      let shifts = shiftCodes
      let most = passes.reduce(1) { max($0, $1.elements?.count ?? 1) }
      list += [
        PassConstant("k_count", VerilogBits.index(most), passes) { ($0.elements?.count ?? 1) - 1 },
        PassConstant("k_last_term", VerilogBits.index(plan.mostTerms), passes) {
          ($0.elements?.terms.count ?? 1) - 1
        },
        PassConstant("k_shift", shiftBits, passes) { shifts[$0.elements?.shift ?? 0] ?? 0 },
      ]
    }
    if hasTables {
      list += [
        PassConstant("k_by_table", 1, passes) { $0.elements?.table == nil ? 0 : 1 },
        PassConstant("k_table", VerilogBits.index(plan.tables.count), passes) { $0.elements?.table ?? 0 },
      ]
    }
    return list
  }

  /// A constant of windows; by default of as many bits as its largest value takes.
  private func windows(
    _ name: String, _ bits: Int? = nil, _ value: (FoldedPlan.Windows) -> Int
  ) -> PassConstant {
    var values: [Int] = []
    for pass in passes {
      if let windows = pass.windows { values.append(value(windows)) } else { values.append(0) }
    }
    return PassConstant(name: name, bits: bits ?? VerilogBits.index((values.max() ?? 0) + 1), values: values)
  }

  /// The codes of all shifts.
  private var shiftCodes: [Int32: Int] {
    var codes: [Int32: Int] = [:]
    for shift in shifts { codes[shift] = code(shift: shift) }
    return codes
  }

  /// The bits of a signed position in an image with its border.
  private var placeBits: Int {
    let reach = passes.compactMap(\.windows).map {
      max($0.height, $0.width) + max($0.padding.height, $0.padding.width)
        + max($0.stride.height, $0.stride.width)
        + max($0.kernel.height * $0.dilation.height, $0.kernel.width * $0.dilation.width)
    }
    return VerilogBits.signed(reach.max() ?? 1)
  }

  private static let signedConstants: Set<String> = [
    "k_zero", "k_round", "k_low", "k_high", "k_height", "k_width", "k_top", "k_left", "k_dilate_rows",
    "k_dilate_columns",
    "k_stride_rows", "k_stride_columns",
  ]

  private func width(of constant: String) -> Int { passConstants.first { $0.name == constant }?.bits ?? 1 }

  private var declarations: [String] {
    let address = "[\(addressBits - 1):0]"
    let constants = passConstants.map {
      "  reg \(Self.signedConstants.contains($0.name) ? "signed " : "")[\($0.bits - 1):0] \($0.name);"
    }
    var lines =
      [
        "  localparam LOAD = 0, SETUP = 1, START = 2, ARM = 3, RUN = 4, FLUSH = 5, DRAIN = 6, NEXT = 7, EACH = 8,",
        "    SETTLE = 9, READ = 10, LATCH = 11, GIVE = 12;",
        "  reg [3:0] state;",
        "  reg [\(VerilogBits.index(passes.count + 1) - 1):0] pass;",
        "  reg [3:0] timer;",
        "  reg [\(VerilogBits.index(max(plan.inputCount, plan.outputCount)) - 1):0] place;",
        "  reg \(address) address;  // what is read of the values",
        "  reg [7:0] value;",
        "  reg write; reg \(address) write_address; reg [7:0] write_value;",
        "  wire write_now = write | (state == LOAD & in_valid);",
        "  wire \(address) write_at = state == LOAD ? place + \(addressBits)'d\(plan.inputBase) : write_address;",
        "  wire [7:0] write_what = state == LOAD ? in_data : write_value;",
        "  // What the present pass is.",
      ] + constants + [
        "  // A sum's terms, its group of lanes, its place.",
        "  reg [\(width(of: "k_terms") - 1):0] channel;",
        "  reg [\(width(of: "k_rounds") - 1):0] round;",
        "  reg [\(width(of: "k_tail") - 1):0] drained;",
        "  reg \(address) base, pixel, drain_address;",
        "  reg first, fresh;",
        "  reg [\(weightBits - 1):0] weight_address;",
        "  reg [\(scaleBits - 1):0] scale_address;",
      ]
    if hasGroups {
      lines += ["  reg [\(width(of: "k_groups") - 1):0] group;", "  reg \(address) group_base;"]
    }
    if hasWindows {
      lines += [
        "  reg [\(width(of: "k_kernel_rows") - 1):0] u; reg [\(width(of: "k_kernel_columns") - 1):0] v;",
        "  reg [\(width(of: "k_rows") - 1):0] row; reg [\(width(of: "k_columns") - 1):0] column;",
        "  reg \(address) row_base;",
      ]
    }
    if isPadded {
      lines += [
        "  reg signed [\(placeBits - 1):0] top, left, y, x;",
        "  wire outside = y < 0 || y >= k_height || x < 0 || x >= k_width;",
      ]
    }
    return lines
  }

  private var memories: [String] {
    var lines = [
      "  // Values; one reader, one writer.",
      "  reg [7:0] values [0:\(plan.arenaBytes - 1)];",
      "  always @(posedge clk) begin",
      "    if (write_now) values[write_at] <= write_what;",
      "    value <= values[address];",
      "  end",
    ]
    if hasSums {
      let width = lanes * plan.lane.bits
      lines += [
        "  // Weights: a word has one for each lane.",
        "  reg [\(width - 1):0] weights [0:\(max(plan.weights.count, 2) - 1)];",
        "  initial $readmemh(\"\(name)_weights.hex\", weights);",
        "  reg [\(width - 1):0] weight_word, weight_now;",
        "  always @(posedge clk) begin weight_word <= weights[weight_address]; weight_now <= weight_word; end",
      ]
    }
    if !plan.scales.isEmpty {
      lines += [
        "  // By channel: shift, multiplier, bias.",
        "  reg [\(scaleWidth - 1):0] scales [0:\(max(plan.scales.count, 2) - 1)];",
        "  initial $readmemh(\"\(name)_scales.hex\", scales);",
        "  reg [\(scaleWidth - 1):0] scale;",
        "  always @(posedge clk) scale <= scales[scale_address];",
      ]
    }
    if hasTables {
      lines += [
        "  reg [7:0] tables [0:\(plan.tables.count * 256 - 1)];",
        "  initial $readmemh(\"\(name)_tables.hex\", tables);",
        "  reg signed [7:0] entry;",
        "  always @(posedge clk) entry <= tables[{k_table, ~value[7], value[6:0]}];",
      ]
    }
    return lines
  }

  private var constants: [String] {
    let list = passConstants
    var lines = ["  always @(posedge clk) if (state == SETUP) case (pass)"]
    for pass in passes.indices {
      let isLast = pass == passes.count - 1
      let label = isLast ? "default" : "\(pass)"
      lines.append(
        "    \(label): begin  // \(VerilogText.comment(passes[pass].node)): \(VerilogText.comment(passes[pass].title))"
      )
      for chunk in stride(from: 0, to: list.count, by: 4) {
        let assignments = list[chunk..<min(chunk + 4, list.count)].map {
          "\($0.name) <= \(VerilogText.number($0.values[pass], bits: $0.bits));"
        }
        lines.append("      " + assignments.joined(separator: " "))
      }
      lines.append("    end")
    }
    return lines + ["  endcase"] + termConstants
  }

  /// The constants of the terms of elements.
  private var termConstants: [String] {
    guard hasElements else { return [] }
    let termBits = VerilogBits.index(plan.mostTerms)
    let passBits = VerilogBits.index(passes.count + 1)
    var lines = [
      "  reg [\(termBits - 1):0] term;",
      "  reg [\(width(of: "k_count") - 1):0] element;",
      "  wire ends_element = term == k_last_term;",
      "  wire [\(termBits - 1):0] next_term = state == EACH && !ends_element ? term + 1'b1 : \(termBits)'d0;",
      "  wire [\(width(of: "k_count") - 1):0] next_element = state != EACH ? 0 : ends_element ? element + 1'b1 : element;",
      "  reg [\(addressBits - 1):0] term_base;",
      "  always @* case ({pass, next_term})",
    ]
    var zeros: [String] = []
    var multipliers: [String] = []
    for (index, pass) in passes.enumerated() {
      for (place, term) in (pass.elements?.terms ?? []).enumerated() {
        let label = "    {\(passBits)'d\(index), \(termBits)'d\(place)}:"
        lines.append("\(label) term_base = \(VerilogText.number(term.base, bits: addressBits));")
        zeros.append("\(label) term_zero = \(VerilogText.number(Int(term.zero), bits: 9));")
        multipliers.append(
          "\(label) term_multiplier = \(VerilogText.number(code(multiplier: term.multiplier), bits: multiplierBits));"
        )
      }
    }
    lines += ["    default: term_base = 0;", "  endcase"]
    lines +=
      ["  reg signed [8:0] term_zero;", "  always @* case ({pass, term})"] + zeros + [
        "    default: term_zero = 0;", "  endcase",
      ]
    lines +=
      ["  reg [\(multiplierBits - 1):0] term_multiplier;", "  always @* case ({pass, term})"] + multipliers
    return lines + ["    default: term_multiplier = 0;", "  endcase"]
  }

  private var engine: [String] {
    let last = passes.count - 1
    let runs: [String]
    let nextChannel = "channel <= 0; timer <= \(FoldedPlan.flushCycles - 1); state <= FLUSH;"
    if hasWindows {
      runs = [
        "        if (v != k_kernel_columns) begin",
        "          v <= v + 1'b1; address <= address + k_step_column;"
          + (isPadded ? " x <= x + k_dilate_columns;" : ""),
        "        end else begin",
        "          v <= 0;" + (isPadded ? " x <= left;" : ""),
        "          if (u != k_kernel_rows) begin",
        "            u <= u + 1'b1; address <= address + k_step_row;"
          + (isPadded ? " y <= y + k_dilate_rows;" : ""),
        "          end else begin",
        "            u <= 0;" + (isPadded ? " y <= top;" : ""),
        "            if (channel != k_terms) begin channel <= channel + 1'b1; address <= address + k_step_channel; end",
        "            else begin \(nextChannel) end",
        "          end",
        "        end",
      ]
    } else {
      runs = [
        "        if (channel != k_terms) begin channel <= channel + 1'b1; address <= address + 1'b1; end",
        "        else begin \(nextChannel) end",
      ]
    }
    let pixelDone =
      hasWindows
      ? [
        "          fresh <= 1; pixel <= pixel + 1'b1; state <= ARM;",
        "          if (column != k_columns) begin",
        "            column <= column + 1'b1; base <= base + k_stride_column;"
          + (isPadded ? " left <= left + k_stride_columns;" : ""),
        "          end else begin",
        "            column <= 0;" + (isPadded ? " left <= k_left;" : ""),
        "            if (row != k_rows) begin",
        "              row <= row + 1'b1; row_base <= row_base + k_stride_row; base <= row_base + k_stride_row;"
          + (isPadded ? " top <= top + k_stride_rows;" : ""),
        "            end else begin timer <= \(FoldedPlan.settleCycles - 1); state <= SETTLE; end",
        "          end",
      ] : ["          timer <= \(FoldedPlan.settleCycles - 1); state <= SETTLE;"]
    let roundDone =
      hasGroups
      ? [
        "          round <= 0;",
        "          if (group != k_groups) begin group <= group + 1'b1; group_base <= group_base + k_group_step; state <= ARM; end",
        "          else begin", "          group <= 0; group_base <= 0;",
      ] + pixelDone + ["          end"] : ["          round <= 0;"] + pixelDone
    var start = [
      "        base <= k_input; pixel <= k_output; round <= 0; fresh <= 1; channel <= 0; drained <= 0;"
    ]
    if hasGroups { start.append("        group <= 0; group_base <= 0;") }
    if hasWindows { start.append("        row_base <= k_input; row <= 0; column <= 0; u <= 0; v <= 0;") }
    if isPadded { start.append("        top <= k_top; left <= k_left;") }
    if hasElements {
      start.append("        term <= 0; element <= 0; address <= term_base;")
      start.append("        state <= k_elements ? EACH : ARM;")
    } else {
      start.append("        state <= ARM;")
    }
    let again = hasGroups ? "fresh | k_again" : "fresh"
    return [
      "  assign in_ready = state == LOAD;",
      "  assign out_valid = state == GIVE;",
      "  assign out_last = place == \(plan.outputCount - 1);",
      "  reg signed [7:0] best;",
      "  always @(posedge clk) begin",
      "    case (state)",
      "      LOAD: if (in_valid) begin",
      "        place <= place + 1'b1;",
      "        if (place == \(plan.inputCount - 1)) begin place <= 0; pass <= 0; state <= SETUP; end",
      "      end",
      "      SETUP: state <= START;",
      "      START: begin",
    ] + start + [
      "      end",
      "      ARM: begin  // a group of lanes begins its sums",
      "        address <= base\(hasGroups ? " + group_base" : ""); first <= 1; fresh <= 0; state <= RUN;",
    ] + (isPadded ? ["        y <= top; x <= left;"] : []) + [
      "        if (\(again)) weight_address <= k_weights;",
      "        if (fresh) begin scale_address <= k_scales; drain_address <= pixel; end",
      "      end",
      "      RUN: begin",
      "        first <= 0; weight_address <= weight_address + 1'b1;",
    ] + runs + [
      "      end",
      "      FLUSH: begin timer <= timer - 1'b1; if (timer == 0) begin drained <= 0; state <= DRAIN; end end",
      "      DRAIN: begin",
      "        drained <= drained + 1'b1; scale_address <= scale_address + 1'b1; drain_address <= drain_address + k_plane;",
      "        if (drained == (round == k_rounds ? k_tail : \(lanes - 1))) state <= NEXT;",
      "      end",
      "      NEXT: begin",
      "        if (round != k_rounds) begin round <= round + 1'b1; state <= ARM; end",
      "        else begin",
    ] + roundDone + [
      "        end",
      "      end",
    ]
      + (hasElements
        ? [
          "      EACH: begin",
          "        term <= next_term; element <= next_element; address <= term_base + next_element;",
          "        if (ends_element && element == k_count) begin timer <= \(FoldedPlan.settleCycles - 1); state <= SETTLE; end",
          "      end",
        ] : []) + [
        "      SETTLE: begin",
        "        timer <= timer - 1'b1; address <= \(plan.outputBase); place <= 0;",
        "        if (timer == 0) begin",
        "          pass <= pass + 1'b1; state <= pass == \(last) ? READ : SETUP;",
        "        end",
        "      end",
        "      READ: state <= LATCH;",
        "      LATCH: begin",
        "        out_data <= value; state <= GIVE;",
        "        if (place == 0 || $signed(value) > best) begin best <= value; out_class <= place; end",
        "      end",
        "      default: if (out_ready) begin",
        "        address <= address + 1'b1; place <= out_last ? 0 : place + 1'b1; state <= out_last ? LOAD : READ;",
        "      end",
        "    endcase",
        "    if (rst) begin state <= LOAD; place <= 0; end",
        "  end",
      ]
  }

  private var lanesText: [String] {
    let sum = "[\(plan.sumBits - 1):0]"
    var lines = [
      "  // Stages: read, minus zero, shifted or multiplied, product, sum.",
      "  reg run1, run2, run3, run4, first1, first2, first3, first4;",
      "  reg signed [8:0] number;",
    ]
    if isPadded { lines.append("  reg outside1;") }
    if hasMaximum { lines.append("  reg signed [8:0] number3, number4;") }
    if hasElements { lines.append("  reg signed [8:0] zero1;") }
    let zero = hasElements ? "zero1" : "k_zero"
    let read = "$signed({value[7], value}) - \(zero)"
    let border = hasMaximum ? "(k_maximum ? 9'sh100 : 9'sd0)" : "9'sd0"
    lines += [
      "  always @(posedge clk) begin",
      "    run1 <= state == RUN; run2 <= run1; run3 <= run2; run4 <= run3;",
      "    first1 <= first; first2 <= first1; first3 <= first2; first4 <= first3;",
    ]
    if isPadded { lines.append("    outside1 <= outside && state == RUN;") }
    if hasElements { lines.append("    zero1 <= k_elements ? term_zero : k_zero;") }
    lines.append("    number <= \(isPadded ? "outside1 ? \(border) : \(read)" : read);")
    if hasMaximum { lines.append("    number3 <= number; number4 <= number3;") }
    lines += ["  end", "  wire drains = state == DRAIN;"]
    guard hasSums || hasMaximum else { return lines }
    lines += [
      "  wire [\(plan.sumBits * (lanes + 1) - 1):0] chain;",
      "  assign chain[\(plan.sumBits * lanes) +: \(plan.sumBits)] = 0;",
      "  genvar l;",
      "  generate for (l = 0; l < \(lanes); l = l + 1) begin : lane",
      "    reg signed \(sum) sum;",
    ]
    if hasSums {
      let (declarations, statements) = plan.lane.lines
      lines.append(
        "    wire [\(plan.lane.bits - 1):0] weight = weight_now[\(plan.lane.bits) * l +: \(plan.lane.bits)];")
      lines += declarations.map { "    " + $0 }
      lines += ["    always @(posedge clk) begin"] + statements.map { "      " + $0 } + ["    end"]
      lines.append("    wire signed \(sum) prior = first4 ? 0 : sum;")
      lines.append("    wire signed \(sum) summed = prior + product;")
    }
    if hasMaximum {
      lines.append("    wire signed \(sum) largest = first4 || number4 > sum ? number4 : sum;")
    }
    let next =
      hasSums && hasMaximum ? "l == 0 && k_maximum ? largest : summed" : hasSums ? "summed" : "largest"
    lines += [
      "    always @(posedge clk)",
      "      if (drains) sum <= chain[\(plan.sumBits) * (l + 1) +: \(plan.sumBits)];",
      "      else if (run4) sum <= \(next);",
      "    assign chain[\(plan.sumBits) * l +: \(plan.sumBits)] = sum;",
      "  end endgenerate",
    ]
    return lines
  }

  private var rescaling: [String] {
    let address = "[\(addressBits - 1):0]"
    let (biased, total) = (plan.biasedBits, totalBits)
    let hasScales = !plan.scales.isEmpty
    var lines = ["  // Stages: bias, multiplied, added up, shifted, rounded, within bounds."]
    var clocked: [String] = []
    lines += [
      "  reg signed [\(biased - 1):0] s2;",
      "  reg [\(multiplierBits - 1):0] m2; reg [\(shiftBits - 1):0] f2, f3, f4;",
      "  reg \(address) a2, a3, a4, a5, a6, a7;",
      "  reg v2, v3, v4, v5, v6, v7, below7, above7;",
      "  reg [7:0] q7;",
      "  reg signed [\(total - 1):0] p3, t4;",
      "  reg signed [\(total):0] h5;",
      "  reg signed [\(total + 1):0] r6;",
    ]
    if hasScales {
      lines += [
        "  reg drained1; reg signed [\(plan.sumBits - 1):0] head1; reg \(address) address1;"
      ]
      clocked += [
        "    drained1 <= drains; head1 <= chain[0 +: \(plan.sumBits)]; address1 <= drain_address;"
      ]
    }
    let fromLanes = [
      "s2 <= head1 + $signed(scale[\(biased - 1):0]);", "m2 <= scale[\(biased) +: \(multiplierBits)];",
      "f2 <= scale[\(biased + multiplierBits) +: \(shiftBits)];", "a2 <= address1;",
    ]
    if hasElements {
      lines += [
        "  reg each1, each2, begins1, begins2, begins3, begins4, ends1, ends2, ends3, ends4;",
        "  reg [\(multiplierBits - 1):0] m0, m1; reg \(address) a0, a1;",
      ]
      clocked += [
        "    each1 <= state == EACH; each2 <= each1;",
        "    begins1 <= term == 0; begins2 <= begins1; ends1 <= ends_element; ends2 <= ends1;",
        "    m0 <= term_multiplier; m1 <= m0; a0 <= k_output + element; a1 <= a0;",
        "    if (each2) begin",
        "      s2 <= \(hasTables ? "k_by_table ? entry2 : number" : "number"); m2 <= m1; f2 <= k_shift; a2 <= a1;",
        "      begins3 <= begins2; ends3 <= ends2;",
        "    end" + (hasScales ? " else begin" : ""),
      ]
      if hasScales {
        clocked += fromLanes.map { "      " + $0 } + ["      begins3 <= 1; ends3 <= 1;", "    end"]
      }
      clocked.append("    v2 <= each2\(hasScales ? " | drained1" : "");")
      clocked.append("    begins4 <= begins3; ends4 <= ends3; v3 <= v2; v4 <= v3 & ends4;")
      if hasTables { lines.append("  wire signed [7:0] entry2 = entry;") }
    } else {
      clocked += fromLanes.map { "    " + $0 } + ["    v2 <= drained1; v3 <= v2; v4 <= v3;"]
    }
    if multipliesByShifts {
      if multipliers == [1] {
        clocked.append("    p3 <= s2;")
      } else {
        clocked.append("    case (m2)")
        for (place, multiplier) in multipliers.enumerated() {
          let label = place == multipliers.count - 1 ? "default" : "\(multiplierBits)'d\(place)"
          let shift = multiplier.trailingZeroBitCount
          clocked.append("      \(label): p3 <= s2\(shift == 0 ? "" : " <<< \(shift)");")
        }
        clocked.append("    endcase")
      }
    } else {
      clocked.append("    p3 <= s2 * $signed({1'b0, m2});")
    }
    clocked.append("    f3 <= f2; a3 <= a2;")
    if plan.mostTerms > 1 {
      lines.append("  wire signed [\(total - 1):0] before4 = begins4 ? 0 : t4;")
      clocked.append("    if (v3) t4 <= before4 + p3;")
    } else {
      clocked.append("    t4 <= p3;")
    }
    clocked.append("    f4 <= f3; a4 <= a3; a5 <= a4; a6 <= a5; a7 <= a6; v5 <= v4; v6 <= v5; v7 <= v6;")
    lines.append("  wire signed [\(total):0] d4 = {t4, 1'b0};")
    if picksShift, shifts.count > 1 {
      clocked.append("    case (f4)")
      for (place, shift) in shifts.enumerated() {
        let label = place == shifts.count - 1 ? "default" : "\(shiftBits)'d\(place)"
        clocked.append("      \(label): h5 <= d4 >>> \(shift);")
      }
      clocked.append("    endcase")
    } else {
      clocked.append("    h5 <= d4 >>> \(picksShift ? "\(shifts[0])" : "f4");")
    }
    lines.append("  wire signed [\(total):0] q6 = r6[\(total + 1):1];")
    clocked += [
      "    r6 <= h5 + k_round;",
      "    below7 <= q6 < k_low; above7 <= q6 > k_high; q7 <= q6[7:0];",
      "    write_value <= below7 ? k_low : above7 ? k_high : q7;",
      "    write_address <= a7; write <= v7;",
      "    if (rst) begin v2 <= 0; v3 <= 0; v4 <= 0; v5 <= 0; v6 <= 0; v7 <= 0; write <= 0; end",
    ]
    return lines + ["  always @(posedge clk) begin"] + clocked + ["  end"]
  }
}

/// A register that is loaded with another value at the beginning of each pass.
private struct PassConstant {
  let name: String
  let bits: Int
  let values: [Int]

  init(name: String, bits: Int, values: [Int]) {
    self.name = name
    self.bits = bits
    self.values = values
  }

  init(_ name: String, _ bits: Int, _ passes: [FoldedPlan.Pass], _ value: (FoldedPlan.Pass) -> Int) {
    var values: [Int] = []
    for pass in passes { values.append(value(pass)) }
    self.init(name: name, bits: bits, values: values)
  }
}
