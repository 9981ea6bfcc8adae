import Tensors

/// Axes in another order: within a channel shuffle, of constant matrices, or not at all.
enum TransposeReader: ONNXNodeReader {
  static let types = ["Transpose"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let order = try node.ints("perm") ?? []
    if let constant = try network.constant(node.input(0)) {
      guard constant.dims.count == 2, order.isEmpty || order == [1, 0] else {
        guard order == Array(constant.dims.indices) || constant.dims.count <= 1 else {
          throw .because("perm \(order) of a constant of \(constant.dims)")
        }
        return try network.setConstant(node.output, constant)
      }
      return try network.setConstant(node.output, try constant.transposed())
    }
    if let grouped = try network.pending(node.input(0), as: GroupedChannels.self) {
      guard order == [0, 2, 1] + (3..<3 + max(grouped.shape.count - 2, 0)) else {
        throw .because("perm \(order); a shuffle of channels has [0, 2, 1, 3, …]")
      }
      let shuffled = ShuffledChannels(value: grouped.value, groups: grouped.groups)
      return network.set(node.output, .pending(shuffled))
    }
    let input = try network.made(node.input(0))
    guard order == Array(0..<network.shape(of: input).rank) else {
      throw .because("perm \(order) of \(network.shape(of: input)); shuffles of channels are supported")
    }
    network.set(node.output, .made(input))
  }
}
