import Foundation
import Tensors

/// A network that a fit may train, for any image size; it is written into the run's folder as a network file.
enum FitNetwork: String, CaseIterable, Sendable {
  /// Residual networks of depth 20, 14 and 8 with 16 filters.
  case residual20
  case residual14
  case residual8
  /// Depthwise separable layers.
  case separable
  /// Two convolutions and a hidden layer, with few values from the first layer on.
  case plain

  /// The possible teachers, the most capable first.
  static let teachers: [FitNetwork] = [.residual20, .residual14, .residual8, .plain]

  /// The name of its file.
  var fileName: String { rawValue + ".yaml" }

  /// The network file for an input `[channels, height, width]` and a number of classes.
  func yaml(_ input: Shape, classes: Int) -> String {
    let head =
      "input: [\(input[0]), \(input[1]), \(input[2])]\nclasses: \(classes)\nlayers:\n"
    let size = "\(input[2])x\(input[1])"
    let tail = "  - global-average-pool\n  - flatten\n  - classifier\ntraining: {learningRate: 0.2}\n"
    return switch self {
    case .residual20: residual(3, size, head, input) + tail
    case .residual14: residual(2, size, head, input) + tail
    case .residual8: residual(1, size, head, input) + tail
    case .separable:
      "title: Depthwise separable layers for images of \(size)\n" + head + stem(32, input)
        + """
          - separable: 64
          - separable: {filters: 128, stride: 2}
          - separable: 128
          - separable: {filters: 256, stride: 2}
          - separable: 256

        """ + tail
    case .plain:
      "title: Two convolutions and a hidden layer for images of \(size)\n" + head + plain(input)
        + "  - flatten\n  - linear: 32\n  - relu\n  - classifier\ntraining: {learningRate: 0.02}\n"
    }
  }

  private func residual(_ count: Int, _ size: String, _ head: String, _ input: Shape) -> String {
    "title: A residual network of depth \(6 * count + 2) for images of \(size)\n"
      + "paper: He et al., Deep residual learning for image recognition, 2015, arXiv:1512.03385\n" + head
      + stem(16, input)
        + """
          - stage: {count: \(count), of: {residual: 16}}
          - stage: {count: \(count), stride: 2, of: {residual: 32}}
          - stage: {count: \(count), stride: 2, of: {residual: 64}}

        """
  }

  /// The first layers, which reduce larger images to about 40 pixels.
  private func stem(_ filters: Int, _ input: Shape) -> String {
    let side = min(input[1], input[2])
    guard side > 40 else { return "  - conv-norm: \(filters)\n" }
    let strided = "  - conv-norm: {filters: \(filters), stride: 2}\n"
    return side > 80 ? strided + "  - max-pool: 2\n" : strided
  }

  /// A first convolution with a stride that leaves about 8 rows, so that it has fewer values than the image.
  private func plain(_ input: Shape) -> String {
    let side = min(input[1], input[2])
    let stride = max(1, Int((Double(side) / 9).rounded()))
    let kernel = max(5, stride + stride % 2 + 1)
    let text =
      "  - conv: {filters: 8, kernel: \(kernel), stride: \(stride), padding: \(kernel / 2)}\n  - relu\n"
      + "  - conv: {filters: 24, kernel: 3, padding: 1}\n  - relu\n"
    return side >= 2 * stride ? text + "  - max-pool: 2\n" : text
  }
}
