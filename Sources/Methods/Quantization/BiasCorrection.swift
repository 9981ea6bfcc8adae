import Encodings
import Graphs
import Ops
import Tensors

/// Corrects biases so that every layer of a quantized network has the mean outputs of the real one.
///
/// **Paper**: Nagel, van Baalen, Blankevoort, Welling, "Data-free quantization through weight equalization
/// and bias correction", 2019, arXiv:1906.04721, section 4.2, here with images.
struct BiasCorrection {
  /// The source of values.
  let evidence: any Evidence
  /// Images over which means are taken.
  let images: Int

  /// The quantized network with corrected biases.
  ///
  /// Layer after layer, each bias takes `mean of the real output - mean of the output with quantized weights`
  /// a channel, in the network whose earlier layers are corrected already. Values are real meanwhile: the
  /// rounding and clamping of their grids is no error of the weights, and a bias that made up for clamps
  /// would shift everything that is not clamped. Layers without a bias, and layers that are left out, stay.
  func corrected(_ quantized: Graph, real: Graph) throws -> Graph {
    let layers = quantized.nodes.filter { node in
      node.op is any ProductOp && quantized[.bias, of: node.name]?.encoding is Integer
    }
    let truth = try means(of: layers.map(\.name), in: real)
    var graph = quantized
    for layer in layers {
      let found = try means(of: [layer.name], in: graph)
      guard let wanted = truth[layer.name], let made = found[layer.name],
        var bias = graph[.bias, of: layer.name]
      else { continue }
      // The means were measured with the rounded bias.
      bias.value = bias.projected
      for channel in bias.value.values.indices {
        bias.value.values[channel] += Float(wanted[channel] - made[channel])
      }
      guard bias.value.values.allSatisfy(\.isFinite) else { continue }
      graph[.bias, of: layer.name] = bias
    }
    return graph
  }

  /// The mean of each channel over images and places, by value.
  private func means(of values: [String], in graph: Graph) throws -> [String: [Double]] {
    var sums: [String: [Double]] = [:]
    var counts: [String: Int] = [:]
    try evidence.forEachActivation(of: values, in: graph, images: images, real: true) { batch in
      for name in values {
        guard let tensor = batch[name] else { continue }
        let (channels, width) = (tensor.shape[1], tensor.shape.spatialCount)
        var sum = sums[name] ?? Array(repeating: 0, count: channels)
        for row in 0..<tensor.shape[0] * channels {
          var part = 0.0
          for value in tensor.values[row * width..<(row + 1) * width] { part += Double(value) }
          sum[row % channels] += part
        }
        sums[name] = sum
        counts[name, default: 0] += tensor.shape[0] * width
      }
    }
    var means: [String: [Double]] = [:]
    for (name, sum) in sums { means[name] = sum.map { $0 / Double(counts[name] ?? 1) } }
    return means
  }
}
