import Graphs
import Ops

extension Conv2D: ONNXNodeWriter {
  func write(_ node: ONNXNodeContext, to file: inout ONNXGraphWriter) {
    file.add(
      "Conv", node.inputs + node.values(.weight, .bias), node.output,
      window.attributes + [.ints("dilations", [dilation.height, dilation.width]), .int("group", groups)])
  }
}

extension Window {
  /// The attributes kernel, strides and pads of convolutions and pooling.
  var attributes: [ONNXAttributeProto] {
    [
      .ints("kernel_shape", [kernel.height, kernel.width]),
      .ints("strides", [stride.height, stride.width]),
      .ints("pads", [padding.height, padding.width, endPadding.height, endPadding.width]),
    ]
  }
}
