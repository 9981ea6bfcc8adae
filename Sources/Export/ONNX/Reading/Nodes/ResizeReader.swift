import Tensors
import Graphs
import Ops

/// Enlarges images by an integer factor, with nearest pixels or bilinear interpolation.
enum ResizeReader: ONNXNodeReader {
  static let types = ["Resize", "Upsample"]

  static func read(_ node: ONNXNode, into network: inout ONNXNetworkBuilder) throws(ONNXRefusal) {
    let input = try network.made(node.input(0))
    let shape = network.shape(of: input)
    guard shape.rank == 4 else { throw .because("of \(shape), expected images") }
    let factor = try factor(of: node, shape.dimensions, &network)
    let mode = try node.string("mode", default: "nearest")
    // Before operator set 11 pixels were counted from a corner and rounded down.
    let isOld = node.opset < 11
    let transformation = try node.string(
      "coordinate_transformation_mode", default: isOld ? "asymmetric" : "half_pixel")
    let rounding = try node.string("nearest_mode", default: isOld ? "floor" : "round_prefer_floor")
    try node.require("antialias", 0, default: 0, "images are enlarged without a filter")
    let halves = ["half_pixel", "pytorch_half_pixel", "half_pixel_symmetric"]
    let isNearest =
      mode == "nearest"
      && ((transformation == "asymmetric" && rounding == "floor")
        || (halves.contains(transformation) && rounding.hasPrefix("round_prefer")))
    let isBilinear = mode == "linear" && halves.contains(transformation)
    guard isNearest || isBilinear else {
      throw .because(
        "mode \(mode) with \(transformation) and \(rounding); nearest, and linear with half pixels (align_corners=False) are supported"
      )
    }
    try network.append(
      Upsample(factor: factor, mode: isNearest ? .nearest : .bilinear), for: node, inputs: [input])
  }

  /// The factor by which rows and columns increase.
  private static func factor(
    of node: ONNXNode, _ shape: [Int], _ network: inout ONNXNetworkBuilder
  ) throws(ONNXRefusal) -> Int {
    let axes = try node.ints("axes")?.map { $0 < 0 ? $0 + 4 : $0 } ?? [0, 1, 2, 3]
    var factors: [Float] = []
    if node.input(3) != nil {
      guard let sizes = try network.requireConstant(node.input(3), "sizes").integers,
        sizes.count == axes.count,
        axes.allSatisfy({ (0..<4).contains($0) })
      else { throw .because("sizes that are not an extent an axis") }
      for (size, axis) in zip(sizes, axes) {
        factors.append(axis == 0 ? 1 : size.map { Float($0) / Float(shape[axis]) } ?? 1)
      }
    } else if let scales = try node.floats("scales") {
      factors = scales
    } else {
      let position = node.type == "Upsample" || node.opset < 11 ? 1 : 2
      factors = try network.requireConstant(node.input(position), "scales").floats ?? []
    }
    if axes == [2, 3], factors.count == 2 { factors = [1, 1] + factors }
    guard factors.count == 4, factors[0] == 1, factors[1] == 1, factors[2] == factors[3],
      let factor = Int(exactly: factors[2]), (1...64).contains(factor)
    else { throw .because("scales \(factors.prefix(8)), expected a whole factor for rows and columns") }
    return factor
  }
}
