import Tensors
import Graphs
import Ops

/// Images a whole number of times as large, by nearest pixels or bilinear.
enum ResizeReader: ONNXNodeReader {
  static let types = ["Resize"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    let shape = network.shape(of: input)
    guard shape.rank == 4 else { throw .because("of \(shape), expected images") }
    let factor = try factor(of: node, shape.dimensions, &network)
    let mode = try node.string("mode", default: "nearest")
    let transformation = try node.string("coordinate_transformation_mode", default: "half_pixel")
    let rounding = try node.string("nearest_mode", default: "round_prefer_floor")
    let halves = ["half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"]
    let isNearest =
      mode == "nearest"
      && ((transformation == "asymmetric" && rounding == "floor")
        || (halves.contains(transformation) && rounding.hasPrefix("round_prefer")))
    let isBilinear = mode == "linear" && halves.contains(transformation)
    guard isNearest || isBilinear else {
      throw .because("mode \(mode) with \(transformation) and \(rounding)")
    }
    try network.append(
      Upsample(factor: factor, mode: isNearest ? .nearest : .bilinear), for: node, inputs: [input])
  }

  /// How many times larger rows and columns become.
  private static func factor(
    of node: ONNXNode, _ shape: [Int], _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> Int {
    var factors: [Float] = []
    if node.input(3) != nil {
      guard let sizes = try network.requireConstant(node.input(3), "sizes").integers, sizes.count == 4 else {
        throw .because("sizes that are not four extents")
      }
      for (size, extent) in zip(sizes, shape) { factors.append(size.map { Float($0) / Float(extent) } ?? 1) }
    } else {
      factors = try network.requireConstant(node.input(2), "scales").floats ?? []
    }
    guard factors.count == 4, factors[0] == 1, factors[1] == 1, factors[2] == factors[3],
      let factor = Int(exactly: factors[2]), (1...64).contains(factor)
    else { throw .because("scales \(factors.prefix(8)), expected a whole factor for rows and columns") }
    return factor
  }
}
