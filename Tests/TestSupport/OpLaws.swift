import Execution
public import Graphs
public import Ops
import Settings
import Tensors

/// The laws for every op of the catalogue; each returns its violations in words, or none if it holds.
extension OpCase {
  /// The kernel writes every element of the output shape, and no others.
  public func shapeViolations(mode: ExecutionMode) throws -> [String] {
    let frame = try FiniteDifferences(self, mode: mode)
    let output = frame.run(frame.inputs, frame.parameters).output
    let expected = try op.outputShape(inputs)
    var violations: [String] = []
    if output.values.count != expected.count || output.shape != expected {
      violations.append("\(output.values.count) elements written for \(expected)")
    }
    if !output.values.allSatisfy(\.isFinite) { violations.append("elements left unwritten") }
    return violations
  }

  /// Every gradient equals central differences, relative to its L2 norm.
  public func gradientViolations(mode: ExecutionMode, tolerance: Double = 1e-3) throws -> [String] {
    let frame = try FiniteDifferences(self, mode: mode)
    let names = inputs.indices.map { "input \($0)" } + frame.slots.map(\.role.rawValue)
    let found = frame.gradients()
    let expected = frame.differences()
    let whole = norm(expected.flatMap { $0 })
    return names.indices.compactMap { index in
      guard found[index].count == expected[index].count else { return "\(names[index]): wrong size" }
      let error = norm(zip(found[index], expected[index]).map { $0 - $1 })
      let limit = tolerance * (norm(expected[index]) + 1e-2 * whole)
      return error <= limit ? nil : "\(names[index]): differs by \(error), allowed \(limit)"
    }
  }

  /// Settings that are written and read again are equal, and their canonical text does not depend on the
  /// order of keys.
  public func settingsViolations(_ catalogue: OpCatalogue = .standard) throws -> [String] {
    let written = op.settingsNode
    let yaml = try SettingsNode(yaml: written.prettyJSON, source: "written")
    guard case .mapping(let entries) = yaml.content else { return ["settings are no mapping"] }
    let reversed = SettingsNode(.mapping(entries.reversed()))
    var violations: [String] = []
    for (order, node) in [("as written", yaml), ("reversed", reversed)] {
      let read = try catalogue.op(kind: op.kind, settings: node)
      if read?.settingsNode != written { violations.append("\(order): reads back as another op") }
      if node.canonicalJSON != written.canonicalJSON { violations.append("\(order): another canonical text") }
    }
    return violations
  }

  /// If the output may lie over an input, each input element affects only the output element of the same
  /// index.
  ///
  /// If its placement moves nothing, the output is the first input.
  public func placementViolations() throws -> [String] {
    guard op.placement != .apart else { return [] }
    let frame = try FiniteDifferences(self, mode: .inference)
    let output = frame.run(frame.inputs, frame.parameters).output.values
    if op.placement == .unmoved { return output == frame.inputs[0].values ? [] : ["the elements are others"] }
    let candidates = inputs.indices.filter { inputs[$0].count == output.count }
    var violations = candidates.isEmpty ? ["no input is of the output's size"] : []
    for input in candidates {
      for index in output.indices {
        var moved = frame.inputs
        moved[input].values[index] += 1
        let others = zip(frame.run(moved, frame.parameters).output.values, output).enumerated()
        if others.contains(where: { $0.offset != index && $0.element.0 != $0.element.1 }) {
          violations.append("element \(index) of input \(input) changes others")
        }
      }
    }
    return violations
  }

  /// The cost equals multiply-adds counted one by one for convolutions and linear layers, and is zero for
  /// other ops.
  public func costViolations() throws -> [String] {
    let output = try op.outputShape(inputs)
    let cost = op.cost(inputs, output: output)
    var counted = 0
    if let convolution = op as? Conv2D {
      for _ in 0..<output.count {
        for _ in 0..<inputs[0][1] / convolution.groups {
          for _ in 0..<convolution.kernel.height { for _ in 0..<convolution.kernel.width { counted += 1 } }
        }
      }
    } else if op is Linear || op is Prototypes {
      for _ in 0..<output[0] { for _ in 0..<output[1] { for _ in 0..<inputs[0][1] { counted += 1 } } }
    }
    let elements = inputs.map(\.count).reduce(0, +) + output.count
    var violations: [String] = []
    if cost.multiplyAdds != counted {
      violations.append("\(cost.multiplyAdds) multiply-adds, counted \(counted)")
    }
    if cost.activationElements != elements { violations.append("\(cost.activationElements) elements moved") }
    return violations
  }

  /// Each setting is replaced by hostile values, one at a time; returns those that are accepted, and never
  /// traps.
  public func acceptedHostileSettings(_ catalogue: OpCatalogue = .standard) -> [String] {
    guard case .mapping(let entries) = op.settingsNode.content else { return [] }
    var accepted: [String] = []
    for index in entries.indices {
      for value in Self.hostileValues {
        var changed = entries
        changed[index] = SettingsNode.Entry(key: entries[index].key, mark: entries[index].mark, value: value)
        let node = SettingsNode(.mapping(changed))
        guard let hostile = try? catalogue.op(kind: op.kind, settings: node) else { continue }
        var graph = Graph(
          inputs: inputs.enumerated().map {
            GraphInput(name: "x\($0)", shape: Shape(Array($1.dimensions.dropFirst())))
          })
        guard (try? graph.append(hostile, name: "y", inputs: graph.inputs.map(\.name))) != nil else {
          continue
        }
        accepted.append("\(entries[index].key): \(value.canonicalJSON)")
      }
    }
    return accepted
  }

  /// Values that no setting of any op accepts.
  private static let hostileValues: [SettingsNode] = [
    SettingsNode(.integer(-2)), SettingsNode(.integer(.max)), SettingsNode(.integer(.min)),
    SettingsNode(.integer(1 << 40)), SettingsNode(.number(1e300)), SettingsNode(.number(-.infinity)),
    SettingsNode(.number(.nan)), SettingsNode(.string("three")), SettingsNode(.list([])),
    SettingsNode(.list([Int.max.node, Int.max.node, Int.max.node])), SettingsNode(.mapping([])),
    SettingsNode(.list([SettingsNode(.integer(1 << 20)), SettingsNode(.integer(-1))])),
  ]
}
