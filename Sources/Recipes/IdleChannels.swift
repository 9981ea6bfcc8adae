import Graphs
import Ops

extension Graph {
  /// Notes about convolutions whose changed number of channels does not fill the kernels' blocks.
  ///
  /// Layers of equal numbers share a note: `conv2, conv3: 13 channels, kernels compute 16 (19 % idle)`.
  func idleChannels(since before: Graph, block: Int) -> [String] {
    var layers: [Int: [String]] = [:]
    var order: [Int] = []
    for node in nodes {
      guard let count = (node.op as? Conv2D)?.filters, count % block != 0,
        let earlier = before.node(named: node.name)?.op as? Conv2D, earlier.filters != count
      else { continue }
      if layers[count] == nil { order.append(count) }
      layers[count, default: []].append(node.name)
    }
    return order.map { count in
      let computed = (count + block - 1) / block * block
      let idle = (100 * Double(computed - count) / Double(computed)).rounded()
      return
        "\(layers[count, default: []].joined(separator: ", ")): \(count) channels; kernels compute \(computed) "
        + "(\(Int(idle)) % idle)"
    }
  }
}
