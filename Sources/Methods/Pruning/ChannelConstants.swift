import Graphs
import Tensors

/// Finds channels that hold constants, and their contribution to the layers that read them.
///
/// A channel is constant if its values do not depend on the image.
struct ChannelConstants {
  /// The network.
  let graph: Graph
  /// The sums of the absolute weights that make each channel, by value.
  private let incoming: [String: [Double]]
  /// The weights that read a value, by value.
  private let readers: [String: [ChannelReader]]
  /// The sums of the absolute weights that read each channel, by value.
  private let outgoing: [String: [Double]]

  /// Sums up the weights of a network.
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

  /// The numbers that a unit adds to the biases of the layers that read it, by parameter; empty if it adds
  /// nothing.
  ///
  /// `nil` if the unit depends on the image, if it would change a reader's output by more than one number a
  /// channel, as at padded borders, or if a reader has no bias of plain floats.
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

  /// The constants of the unit's channels, by value, `[1, channels of the unit, …]`; `nil` if one depends on
  /// the image.
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

  /// The constants of a node's channels from those of its inputs; `nil` if they depend on the image.
  private func plane(
    _ node: Node, _ unit: ChannelUnit, _ channels: [Int], _ planes: [String: Tensor]
  ) -> Tensor? {
    let kept = node.inputs.map { unit.channels[$0] }
    switch node.op.channels(graph.inputShapes(of: node)) {
    case .mixing:
      // All weights are zero, so one zero channel as the input gives the output for any image.
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

  /// The constants of a node that keeps channels apart, such as a norm.
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

  /// Runs a reference kernel in inference; `nil` if the shapes do not fit.
  private func run(_ op: any Op, _ inputs: [Tensor], _ parameters: [Tensor]) -> Tensor? {
    guard let shape = try? op.outputShape(inputs.map(\.shape)) else { return nil }
    var frame = KernelFrame(
      inputs: inputs, parameters: parameters, output: Tensor(zeros: shape), mode: .inference,
      random: SeededRandom(seed: 0, purpose: "inference"))
    op.forward(&frame)
    return frame.output
  }

  /// The number that known channels add to each output channel of a layer; `nil` if it is not one number.
  private func contribution(of plane: Tensor, _ channels: [Int], to reader: ChannelReader) -> [Float]? {
    let weight = reader.weight.gathering(channels, axis: reader.axis)
    let outputs = graph.shape(of: reader.node.name)?[1] ?? 0
    let op = reader.node.op.resized(inputs: [plane.shape], outputChannels: outputs)
    let parameters = op.parameters([plane.shape]).map { slot in
      slot.inputAxis == nil ? Tensor(zeros: slot.shape) : weight
    }
    guard let output = run(op, [plane], parameters), outputs > 0 else { return nil }
    let count = output.values.count / outputs
    // At padded borders fewer taps see the plane, and the output differs from place to place.
    let constants = (0..<outputs).map { output.values[$0 * count] }
    let isConstant = output.values.indices.allSatisfy { output.values[$0] == constants[$0 / count] }
    return isConstant ? constants : nil
  }
}
