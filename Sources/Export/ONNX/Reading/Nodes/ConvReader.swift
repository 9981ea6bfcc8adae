import Graphs
import Ops
import Tensors

/// Convolutions over rows and columns; takes in a padding node before them.
enum ConvReader: ONNXNodeReader {
  static let types = ["Conv"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let weight = try network.requireConstant(node.input(1), "weight")
    guard weight.dims.count == 4, let values = weight.tensor else {
      throw .because("a weight of \(weight.dims), expected filters, channels, rows and columns")
    }
    let (input, padding) = try ONNXPadding.taken(node.input(0), into: &network)
    let window = try ONNXWindow(
      node, kernel: [weight.dims[2], weight.dims[3]], input: network.shape(of: input), padding: padding)
    let bias = try bias(of: node, filters: weight.dims[0], &network)
    let convolution = Conv2D(
      filters: weight.dims[0], kernel: window.kernel, stride: window.stride,
      padding: window.padding.start, endPadding: window.padding.end, dilation: window.dilation,
      groups: try node.int("group", default: 1), bias: bias != nil)
    var parameters: [ParameterRole: Parameter] = [
      .weight: Parameter(values, encoding: weight.parameterEncoding)
    ]
    parameters[.bias] = bias
    try network.append(convolution, for: node, inputs: [input], parameters: parameters)
  }

  private static func bias(
    of node: ONNXNode, filters: Int, _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> Parameter? {
    guard node.input(2) != nil else { return nil }
    let bias = try network.requireConstant(node.input(2), "bias")
    guard bias.dims == [filters], let values = bias.tensor else {
      throw .because("a bias of \(bias.dims), expected [\(filters)]")
    }
    return Parameter(values, encoding: bias.parameterEncoding)
  }
}

extension ONNXConstant {
  /// The encoding of a parameter with these elements: the file's grid, or dense floats.
  var parameterEncoding: any Encoding { encoding ?? Dense() }
}
