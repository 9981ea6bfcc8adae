/// Enlarges images, with nearest pixels or bilinear interpolation.
enum TFLiteResizeReader: TFLiteOperatorReader {
  static let types = ["RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR"]

  static func read(_ call: TFLiteCall, into network: inout TFLiteTranslation) throws(ONNXRefusal) {
    let isNearest = call.type == "RESIZE_NEAREST_NEIGHBOR"
    let options: TFLiteOptions = isNearest ? .resizeNearest : .resizeBilinear
    // The options of the older of the two also hold sizes, which are no longer read.
    let field = isNearest ? 0 : 2
    guard try !call.truth(options, field) else { throw .because("corners that are aligned") }
    let isHalf = try call.truth(options, field + 1)
    let size = try network.requiredIntegers(call, 1, "size")
    let shape = try network.shape(call, 0)
    guard size.count == 2, shape.count == 4 else { throw .because("a size of \(size) for \(shape)") }
    let extents = network.store(integers: [shape[0], shape[3]] + size)
    // For integer factors, the centre and the corner of a pixel fall into the same pixel.
    let transformation = isHalf && !isNearest ? "half_pixel" : "asymmetric"
    try network.append(
      "Resize", [try network.images(call), "", "", extents],
      [
        .string("mode", isNearest ? "nearest" : "linear"), .string("nearest_mode", "floor"),
        .string("coordinate_transformation_mode", transformation),
      ], for: call, areImages: true, isMoving: isNearest)
  }
}
