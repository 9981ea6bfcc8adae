import Execution
import Ops
import Tensors

/// An integer program as a sequence of passes on one engine, whose lanes compute one output channel each.
///
/// Values lie in one memory of bytes, planned by their lifetimes. The weights of a pass lie in one ROM in the
/// order of their use, with a weight for each lane in a word. The rescaling of each channel's sum lies in
/// another ROM.
struct FoldedPlan: Sendable {
  /// Sums or maxima over windows; the window of a linear layer is all of its input.
  struct Windows: Sendable {
    /// The channels of a sum, and the extents of their planes.
    var channels, height, width: Int
    var kernel, stride, padding, dilation: Extent
    var outputHeight, outputWidth: Int
    /// The number of groups of channels, and of the outputs of each.
    var groups, filters: Int
    /// True for maxima, false for sums.
    var isMaximum = false
    /// True if all groups have the same weights.
    var sharesWeights = false
    /// The first word of its weights.
    var weightBase = 0
    /// The first word of its rescalings.
    var scaleBase = 0

    /// Bytes from the first position of the first window to the first of the image.
    var margin: Int { padding.height * width + padding.width }
    /// The address step from the last column of a window to the first of the next row.
    var rowStep: Int { dilation.height * width - (kernel.width - 1) * dilation.width }
    /// The address step from the last position of a window to the first of the next channel.
    var channelStep: Int {
      height * width - (kernel.height - 1) * dilation.height * width - (kernel.width - 1) * dilation.width
    }

    /// The number of terms of a sum.
    var terms: Int { channels * kernel.count }
    /// True if a window may extend beyond the image.
    var isPadded: Bool {
      func reaches(_ size: Int, _ places: Int, _ side: (Extent) -> Int) -> Bool {
        side(padding) > 0 || (places - 1) * side(stride) + (side(kernel) - 1) * side(dilation) >= size
      }
      return reaches(height, outputHeight, \.height) || reaches(width, outputWidth, \.width)
    }
  }

  /// The same operation on every element: a weighted sum of one or more inputs, or a table lookup.
  struct Elements: Sendable {
    /// An input: its address, its zero point and its factor.
    struct Term: Sendable, Equatable {
      var base: Int
      var zero: Int32
      var multiplier: Int32
    }

    var terms: [Term]
    var shift: Int32
    var count: Int
    /// The index of a table of 256 bytes; `nil` without a table.
    var table: Int?
  }

  struct Pass: Sendable {
    let node, title: String
    /// One of the two is present: the operation of the pass.
    var windows: Windows?
    var elements: Elements?
    /// The addresses of its input and its output.
    var input, output: Int
    var inputZero, outputZero: Int32
    var bounds: ClosedRange<Int32>
  }

  /// The rescaling of a sum: `(sum + bias) · multiplier / 2^shift`, rounded once, halves upwards.
  struct Scale: Sendable, Hashable {
    var bias: Int
    var multiplier, shift: Int32

    /// Makes a rescaling without common powers of two in multiplier and divisor.
    init(bias: Int = 0, multiplier: Int32, shift: Int32) {
      let common = multiplier == 0 ? 0 : min(Int32(multiplier.trailingZeroBitCount), shift)
      self.bias = bias
      self.multiplier = multiplier >> common
      self.shift = shift - common
    }
  }

  /// The number of lanes.
  let lanes: Int
  /// The passes in their order.
  private(set) var passes: [Pass] = []
  /// The weights' ROM: a word for each term of each group of lanes.
  private(set) var weights: [[Int8]] = []
  private(set) var scales: [Scale] = []
  private(set) var tables: [[Int8]] = []
  /// The bytes of the memory of values.
  let arenaBytes: Int
  let inputBase, inputCount, outputBase, outputCount: Int
  /// The bits of a lane's sum, and of a sum with its bias.
  private(set) var sumBits = 10
  private(set) var biasedBits = 10
  /// The arithmetic of lanes.
  private(set) var lane: VerilogLane

  /// Plans a program; throws for steps without a form.
  init(_ program: IntegerProgram, lanes: Int) throws(VerilogRefusal) {
    guard program.inputs.count == 1, let input = program.inputs.first, let output = program.outputs.first
    else {
      throw VerilogRefusal(
        node: "inputs", kind: "input",
        reason: "Verilog takes one input, the network has \(program.inputs.count)")
    }
    let schedule = Schedule(
      bytes: program.values.map(\.shape.count),
      steps: program.steps.map { .init($0.inputs, $0.output, placement: $0.kernel.placement) },
      inputs: [input], kept: [output])
    let memory = schedule.placed(alignment: 1)
    let steps = schedule.order.map { program.steps[$0] }
    let widest = steps.reduce(1) { max($0, ($1.kernel as? any FoldedKernel)?.lanes ?? 1) }
    self.lanes = min(lanes, widest)
    lane = VerilogLane(steps.flatMap { ($0.kernel as? any FoldedKernel)?.laneWeights ?? [] })
    arenaBytes = max(memory.byteCount, 1)
    (inputBase, inputCount) = (memory.offsets[input], program.values[input].shape.count)
    (outputBase, outputCount) = (memory.offsets[output], program.values[output].shape.count)
    for step in steps {
      guard let kernel = step.kernel as? any FoldedKernel else {
        throw VerilogRefusal(node: step.node, kind: step.kernel.kind, reason: "has no folded form in Verilog")
      }
      if let reason = kernel.foldedRefusal {
        throw VerilogRefusal(node: step.node, kind: step.kernel.kind, reason: reason)
      }
      kernel.append(
        FoldedSite(
          node: step.node, inputs: step.inputs.map { memory.offsets[$0] },
          output: memory.offsets[step.output],
          count: program.values[step.output].shape.count), to: &self)
    }
  }

  /// Appends sums of products; weights are `[outputs, terms]`.
  mutating func append(_ windows: Windows, _ products: IntegerProducts, title: String, _ site: FoldedSite) {
    var windows = windows
    windows.weightBase = weights.count
    windows.scaleBase = scales.count
    let terms = windows.terms
    for group in 0..<windows.groups {
      for first in stride(from: 0, to: windows.filters, by: lanes) {
        for term in 0..<terms {
          weights.append(
            (0..<lanes).map { lane in
              guard first + lane < windows.filters else { return 0 }
              return products.weights.values[(group * windows.filters + first + lane) * terms + term]
            })
        }
      }
    }
    let bounds = products.inputBounds
    let reach = Int(
      max(abs(bounds.lowerBound - products.inputZero), abs(bounds.upperBound - products.inputZero)))
    for (channel, rescale) in products.rescales.enumerated() {
      let row = products.weights.values[channel * terms..<(channel + 1) * terms]
      // Lanes subtract by inverting all bits, which is one too small each time; the bias adds what is
      // missing.
      let inverted = lane.inversions(row)
      let bias = Int(products.bias[channel]) + inverted
      let most = row.reduce(0) { $0 + Int($1.magnitude) } * reach + inverted
      reserve(sum: most, biased: most + abs(bias))
      scales.append(Scale(bias: bias, multiplier: rescale.multiplier, shift: rescale.shift))
    }
    passes.append(
      Pass(
        node: site.node, title: title, windows: windows, input: site.inputs[0], output: site.output,
        inputZero: products.inputZero, outputZero: products.outputZero, bounds: products.bounds))
  }

  /// Appends maxima over windows, channel by channel.
  mutating func appendMaximum(_ windows: Windows, title: String, _ site: FoldedSite) {
    var windows = windows
    windows.isMaximum = true
    windows.weightBase = weights.count
    windows.scaleBase = scales.count
    scales += Array(repeating: Scale(multiplier: 1, shift: 0), count: windows.groups)
    passes.append(
      Pass(
        node: site.node, title: title, windows: windows, input: site.inputs[0], output: site.output,
        inputZero: 0, outputZero: 0, bounds: -128...127))
  }

  /// Appends means over windows, channel by channel, all with the same rescaling.
  mutating func appendMean(
    _ windows: Windows, inputZero: Int32, rescale: Rescale, outputZero: Int32, bounds: ClosedRange<Int32>,
    title: String, _ site: FoldedSite
  ) {
    var windows = windows
    windows.sharesWeights = true
    windows.weightBase = weights.count
    windows.scaleBase = scales.count
    let word: [Int8] = [1] + Array(repeating: 0, count: lanes - 1)
    weights += Array(repeating: word, count: windows.terms)
    reserve(sum: windows.terms * 255, biased: windows.terms * 255)
    scales += Array(
      repeating: Scale(multiplier: rescale.multiplier, shift: rescale.shift), count: windows.groups)
    passes.append(
      Pass(
        node: site.node, title: title, windows: windows, input: site.inputs[0], output: site.output,
        inputZero: inputZero, outputZero: outputZero, bounds: bounds))
  }

  /// Appends an operation on every element.
  mutating func append(
    _ elements: Elements, outputZero: Int32, bounds: ClosedRange<Int32>, title: String, output: Int,
    _ site: FoldedSite
  ) {
    var elements = elements
    let multipliers = elements.terms.map(\.multiplier)
    let common =
      multipliers.allSatisfy { $0 == 0 }
      ? 0
      : multipliers.filter { $0 != 0 }.map { Int32($0.trailingZeroBitCount) }.reduce(elements.shift, min)
    for term in elements.terms.indices { elements.terms[term].multiplier >>= common }
    elements.shift -= common
    passes.append(
      Pass(
        node: site.node, title: title, elements: elements, input: elements.terms[0].base,
        output: output,
        inputZero: elements.terms[0].zero, outputZero: outputZero, bounds: bounds))
  }

  /// The index of a table; equal tables are stored once.
  mutating func place(of table: [Int8]) -> Int {
    if let known = tables.firstIndex(of: table) { return known }
    tables.append(table)
    return tables.count - 1
  }

  private mutating func reserve(sum: Int, biased: Int) {
    sumBits = max(sumBits, VerilogBits.signed(sum))
    biasedBits = max(biasedBits, VerilogBits.signed(biased))
  }

  /// The distinct multipliers of sums and of elements, ascending.
  var multipliers: [Int32] {
    Set(scales.map(\.multiplier) + passes.flatMap { $0.elements?.terms.map(\.multiplier) ?? [] }).sorted()
  }
  /// The distinct shifts, ascending.
  var shifts: [Int32] { Set(scales.map(\.shift) + passes.compactMap { $0.elements?.shift }).sorted() }
  /// The most inputs of a sum of elements.
  var mostTerms: Int { passes.reduce(1) { max($0, $1.elements?.terms.count ?? 1) } }
}

extension FoldedPlan {
  /// The cycles between the last term of a sum and the first sum that leaves its lane.
  static let flushCycles = 4
  /// The cycles that a pass waits for its last output.
  static let settleCycles = 9
  /// The cycles of returning a byte that is taken at once.
  static let outputCycles = 3

  /// The clock cycles from the first byte of an image to its last output, if both sides are always ready.
  var cycles: Int {
    let work = passes.reduce(0) { $0 + cycles(of: $1) }
    return inputCount + work + Self.outputCycles * outputCount
  }

  /// The clock cycles of a pass.
  func cycles(of pass: Pass) -> Int {
    // Constants are loaded, then the pass settles.
    let fixed = 1 + 1 + Self.settleCycles
    if let elements = pass.elements { return fixed + elements.count * elements.terms.count }
    guard let windows = pass.windows else { return fixed }
    let rounds = (windows.filters + lanes - 1) / lanes
    let turn = 1 + windows.terms + Self.flushCycles + 1
    let pixel = windows.groups * (rounds * turn + windows.filters)
    return fixed + windows.outputHeight * windows.outputWidth * pixel
  }

  /// The bits of the weights' ROM.
  var weightBits: Int { weights.count * lanes * lane.bits }
}

/// The addresses of a step's values.
struct FoldedSite {
  let node: String
  let inputs: [Int]
  let output: Int
  /// The number of elements of the output.
  let count: Int
}

/// A step without a form in Verilog.
struct VerilogRefusal: Error, Equatable, CustomStringConvertible {
  let node, kind, reason: String

  /// The node, its kind and the reason.
  var description: String { "\(node) (\(kind)): \(reason)" }
}

/// The bits that numbers take.
enum VerilogBits {
  /// The bits of a signed number up to a magnitude.
  static func signed(_ magnitude: Int) -> Int { Int.bitWidth - magnitude.leadingZeroBitCount + 1 }

  /// The bits of a signed number in a range.
  static func signed(_ range: ClosedRange<Int>) -> Int {
    max(signed(max(range.upperBound, 0)), signed(max(-(range.lowerBound + 1), 0)))
  }

  /// The bits of the numbers from 0 to below a count; at least one.
  static func index(_ count: Int) -> Int { max(1, Int.bitWidth - max(count - 1, 0).leadingZeroBitCount) }
}
