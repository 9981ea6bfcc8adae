import Graphs
import Tensors

/// What channels hold that do not depend on the image, and what that adds to the layers that read them.
struct ChannelConstants {
  let graph: Graph
  /// By value, the sums of the absolute weights that make each channel.
  private let incoming: [String: [Double]]
  /// By value, the weights that read it.
  private let readers: [String: [ChannelReader]]
  /// By value, the sums of the absolute weights that read each channel.
  private let outgoing: [String: [Double]]

  init(_ graph: Graph) {
    self.graph = graph
    var incoming: [String: [Double]] = [:]
    for node in graph.nodes {
      for (name, slot) in graph.slots(of: node) {
        guard slot.isPrunable, let axis = slot.outputAxis, let tensor = graph.parameters[name]?.projected
        else {
          continue
        }
        incoming[node.name] = tensor.shape.sums(along: axis) { Double(abs(tensor.values[$0])) }
      }
    }
    self.incoming = incoming
    let readers = ChannelReader.all(of: graph)
    self.readers = Dictionary(grouping: readers, by: \.value)
    var outgoing: [String: [Double]] = [:]
    for reader in readers {
      let sums = reader.weight.shape.sums(along: reader.axis) { Double(abs(reader.weight.values[$0])) }
      outgoing[reader.value] = outgoing[reader.value].map { zip($0, sums).map { $0 + $1 } } ?? sums
    }
    self.outgoing = outgoing
  }

  /// The sums of the absolute weights that read each unit's channels.
  func outgoing(_ group: ChannelGroup) -> [Double] { group.sums(outgoing) }

  /// What a unit adds to the biases of the layers that read it, by parameter; empty where it adds nothing.
  ///
  /// `nil` where the unit depends on the image, where a reader's output would not change by one number a channel (as
  /// at padded borders), and where a reader has no bias of plain floats to take it up.
  func contributions(of unit: ChannelUnit) -> [String: [Float]]? {
    guard let planes = planes(of: unit) else { return nil }
    var result: [String: [Float]] = [:]
    for value in unit.channels.keys.sorted() {
      guard let channels = unit.channels[value], let plane = planes[value] else { return nil }
      for reader in readers[value] ?? [] {
        guard let constants = contribution(of: plane, channels, to: reader) else { return nil }
        guard constants.contains(where: { $0 != 0 }) else { continue }
        let bias = ParameterRole.bias.name(of: reader.node.name)
        guard let parameter = graph.parameters[bias], parameter.encoding is Dense else { return nil }
        result[bias] = result[bias].map { zip($0, constants).map { $0 + $1 } } ?? constants
      }
    }
    return result
  }

  /// What the unit's channels of each value hold, `[1, channels of the unit, …]`; `nil` where that depends on the image.
  private func planes(of unit: ChannelUnit) -> [String: Tensor]? {
    var planes: [String: Tensor] = [:]
    for node in graph.nodes {
      guard let channels = unit.channels[node.name] else { continue }
      guard graph.values[node.name] == nil, let plane = plane(node, unit, channels, planes) else {
        return nil
      }
      planes[node.name] = plane
    }
    return planes
  }

  private func plane(
    _ node: Node, _ unit: ChannelUnit, _ channels: [Int], _ planes: [String: Tensor]
  ) -> Tensor? {
    let kept = node.inputs.map { unit.channels[$0] }
    switch node.op.channels(graph.inputShapes(of: node)) {
    case .mixing:
      // All weights are zero: on any image it makes what it makes of one zero channel.
      guard let sums = incoming[node.name], channels.allSatisfy({ sums[$0] == 0 }),
        var shape = graph.inputShapes(of: node).first
      else { return nil }
      shape[1] = 1
      return run(node, [Tensor(zeros: shape)], kept, outputChannels: channels) { slot in
        (slot.outputAxis.map { [$0: channels] } ?? [:]).merging(slot.inputAxis.map { [$0: [0]] } ?? [:]) {
          $1
        }
      }
    case .stacking:
      let inputs = node.inputs.compactMap { planes[$0] }
      return inputs.count == 1 ? inputs[0] : follow(node, inputs, kept, channels)
    default:
      let inputs = node.inputs.compactMap { planes[$0] }
      return inputs.count == node.inputs.count ? follow(node, inputs, kept, channels) : nil
    }
  }

  private func follow(
    _ node: Node, _ inputs: [Tensor], _ kept: [[Int]?], _ channels: [Int]
  ) -> Tensor? {
    run(node, inputs, kept, outputChannels: channels) { slot in slot.outputAxis.map { [$0: channels] } ?? [:]
    }
  }

  /// Runs a node's reference kernel in inference on some of its channels.
  private func run(
    _ node: Node, _ inputs: [Tensor], _ kept: [[Int]?], outputChannels: [Int],
    slices: (ParameterSlot) -> [Int: [Int]]
  ) -> Tensor? {
    let parameters = graph.slots(of: node).compactMap { name, slot in
      graph.parameters[name]?.sliced(slices(slot)).projected
    }
    return run(
      node.op.resized(inputs: inputs.map(\.shape), outputChannels: outputChannels.count, kept: kept), inputs,
      parameters)
  }

  private func run(_ op: any Op, _ inputs: [Tensor], _ parameters: [Tensor]) -> Tensor? {
    guard let shape = try? op.outputShape(inputs.map(\.shape)) else { return nil }
    var frame = KernelFrame(
      inputs: inputs, parameters: parameters, output: Tensor(zeros: shape), mode: .inference,
      random: SeededRandom(seed: 0, purpose: "inference"))
    op.forward(&frame)
    return frame.output
  }

  /// What known channels add to each output channel of a layer; `nil` where it is not one number.
  private func contribution(of plane: Tensor, _ channels: [Int], to reader: ChannelReader) -> [Float]? {
    let weight = reader.weight.gathering(channels, axis: reader.axis)
    let outputs = graph.shape(of: reader.node.name)?[1] ?? 0
    let op = reader.node.op.resized(inputs: [plane.shape], outputChannels: outputs)
    let parameters = op.parameters([plane.shape]).map { slot in
      slot.inputAxis == nil ? Tensor(zeros: slot.shape) : weight
    }
    guard let output = run(op, [plane], parameters), outputs > 0 else { return nil }
    let count = output.values.count / outputs
    let constants = (0..<outputs).map { output.values[$0 * count] }
    let isConstant = output.values.indices.allSatisfy { output.values[$0] == constants[$0 / count] }
    return isConstant ? constants : nil
  }
}
