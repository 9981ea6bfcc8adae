public import Graphs
public import Tensors

/// What can be known of a network besides its present weights, on training images that are not augmented, in a fixed order
/// of batches.
///
/// What a source does not know it refuses by name, which is what the defaults do: one more kind of evidence changes no
/// source that lacks it. The loss is the mean cross-entropy over images. Batch norms use running statistics, nothing drops
/// out, and derivatives are by what kernels compute with: the projected values, pruned weights included.
public protocol Evidence {
  /// Calls `body` with the mean loss's gradient by every trainable parameter, in plain layouts, batch after batch until
  /// `images` images or all there are have been seen.
  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws
  /// Calls `body` with the named values (batch on axis 0), batch after batch until `images` images or all there are have
  /// been seen.
  ///
  /// The network runs in inference, with its value encodings left out where `real` is true.
  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void) throws
  /// The same of a changed network that reads the same images.
  func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void) throws
  /// Calls `body` with the gradient of each image's own loss, for the images of `forEachGradient`.
  func forEachImageGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws
  /// The product of the loss's Hessian with a direction, given and returned by parameter; parameters that the direction
  /// does not name stay where they are. The loss is the mean over the images of `forEachGradient`.
  func hessianProduct(_ direction: [String: Tensor], images: Int) throws -> [String: Tensor]
  /// The mean loss of another network of the same inputs and heads, such as this one with a layer changed, over the images of
  /// `forEachGradient`.
  func meanLoss(of changed: Graph, images: Int) throws -> Double
  /// The trainable parameters at initialization, by name; those that the network has got since are not there.
  func initialWeights() throws -> [String: Tensor]
  /// The milliseconds that a network of its own, such as one layer, would take on a target by the target's cost model.
  func latencyMs(of graph: Graph, on target: String) throws -> Double
}

extension Evidence {
  public func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute values of a changed network on")
  }
  public func forEachImageGradient(
    images: Int, _ body: ([String: Tensor]) -> Void
  ) throws {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute gradients of images on")
  }
  public func hessianProduct(
    _ direction: [String: Tensor], images: Int
  ) throws -> [String: Tensor] {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute the loss's curvature on")
  }
  public func meanLoss(of changed: Graph, images: Int) throws -> Double {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute the loss of changed networks on")
  }
  public func latencyMs(of graph: Graph, on target: String) throws -> Double {
    throw MethodError.evidence(
      method: "evidence", reason: "what layers take on \(target) is not known here; leave \"target\" out")
  }
  public func initialWeights() throws -> [String: Tensor] {
    throw MethodError.evidence(
      method: "evidence",
      reason: "the weights at initialization are not known here; choose a criterion that does without them")
  }
}

extension Evidence {
  /// The diagonal of the empirical Fisher information by every trainable parameter: the mean over images, one by one, of
  /// the squared gradient of the image's own loss.
  public func fisherInformation(images: Int) throws -> [String: Tensor] {
    var sums: [String: [Double]] = [:]
    var shapes: [String: Shape] = [:]
    var seen = 0.0
    try forEachImageGradient(images: images) { gradients in
      seen += 1
      for (name, gradient) in gradients {
        shapes[name] = gradient.shape
        var sum = sums.removeValue(forKey: name) ?? Array(repeating: 0, count: gradient.values.count)
        for i in sum.indices { sum[i] += Double(gradient.values[i]) * Double(gradient.values[i]) }
        sums[name] = sum
      }
    }
    var information: [String: Tensor] = [:]
    for (name, sum) in sums {
      information[name] = Tensor(sum.map { Float($0 / seen) }, shape: shapes[name] ?? [])
    }
    return information
  }

  /// An estimate of the diagonal of the loss's Hessian by some parameters, given in the order of draws with their values: the
  /// mean over `probes` random directions v of 1 and -1 of v·(H·v), element by element.
  ///
  /// The error of an element falls with the root of the number of directions; estimates may be negative.
  ///
  /// **Paper**: Bekas, Kokiopoulou, Saad, "An estimator for the diagonal of a matrix", 2007, doi:10.1016/j.apnum.2007.01.003.
  public func hessianDiagonal(
    by names: [String], of weights: [String: Tensor], probes: Int, images: Int, random: inout SeededRandom
  ) throws -> [String: [Double]] {
    var sums = weights.mapValues { Array(repeating: 0.0, count: $0.values.count) }
    for _ in 0..<probes {
      var direction: [String: Tensor] = [:]
      for name in names {
        guard var signs = weights[name] else { continue }
        for i in signs.values.indices { signs.values[i] = random.uniform() < 0.5 ? -1 : 1 }
        direction[name] = signs
      }
      let product = try hessianProduct(direction, images: images)
      for name in names {
        guard let signs = direction[name], let product = product[name],
          var sum = sums.removeValue(forKey: name)
        else { continue }
        for i in sum.indices { sum[i] += Double(signs.values[i]) * Double(product.values[i]) }
        sums[name] = sum
      }
    }
    return sums.mapValues { sum in sum.map { $0 / Double(probes) } }
  }
}

/// For methods that look at weights alone; asking it is an error.
public struct NoEvidence: Evidence {
  /// Makes it.
  public init() {}
  public func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    throw MethodError.evidence(method: "evidence", reason: "no images were given to compute gradients on")
  }
  public func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    throw MethodError.evidence(method: "evidence", reason: "no images were given to compute values on")
  }
}
