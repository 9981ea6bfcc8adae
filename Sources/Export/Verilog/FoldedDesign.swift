import Execution

/// An integer program on one engine with a number of lanes.
struct FoldedDesign: VerilogDesign {
  let plan: FoldedPlan

  init(_ program: IntegerProgram, lanes: Int) throws(VerilogRefusal) {
    plan = try FoldedPlan(program, lanes: lanes)
  }

  var cycles: Int { plan.cycles }
  var interval: Int { plan.cycles }
  var inputCount: Int { plan.inputCount }
  var outputCount: Int { plan.outputCount }
  var valueBytes: Int { plan.arenaBytes }
  var passCycles: [(node: String, cycles: Int)] { plan.passes.map { ($0.node, plan.cycles(of: $0)) } }

  var constantBits: Int {
    let source = FoldedSource(plan: plan, name: "")
    return plan.weightBits + source.scaleWords.count * (source.scaleWords.first?.count ?? 0) * 4 + plan.tables
      .count * 2048
  }

  var summary: [String] {
    [
      "Form          folded: \(plan.lanes) multiply-adds at a time, \(plan.lane.description)",
      "Values        \(plan.arenaBytes) bytes of memory, one reader, one writer",
      "Weights       \(plan.weights.count) words of \(plan.lanes) times \(plan.lane.bits) bits, one reader",
      "Sums          \(plan.sumBits) bits a lane",
    ]
      + plan.passes.map {
        "Pass          \"\(VerilogText.comment($0.node))\", \(VerilogText.comment($0.title)): \(plan.cycles(of: $0)) cycles"
      }
  }

  func modules(_ name: String) -> [String] { FoldedSource(plan: plan, name: name).lines }

  func memories(_ name: String) -> [(name: String, summary: String, words: [String])] {
    let source = FoldedSource(plan: plan, name: name)
    let all = [
      ("\(name)_weights.hex", "the weights: \(plan.weightBits) bits", source.weightWords),
      ("\(name)_scales.hex", "biases and what sums are rescaled by", source.scaleWords),
      ("\(name)_tables.hex", "activations as tables", source.tableWords),
    ]
    return all.filter { !$0.2.isEmpty }.map { (name: $0.0, summary: $0.1, words: $0.2) }
  }
}

extension VerilogLane: CustomStringConvertible {
  /// The arithmetic of a lane, in words.
  var description: String {
    switch form {
    case .signs: "adders: weights are signs"
    case .powers(let exponents): "shifters: weights are 0 or one of \(exponents.count) powers of two"
    case .pairs(let exponents): "shifters: weights are sums of two of \(exponents.count) powers of two"
    case .integers(let bits): "multipliers: weights of \(bits) bits"
    }
  }
}
