public import Graphs
public import Tensors

/// Data about a network besides its weights, computed on training images without augmentation.
///
/// Images come in a fixed order of batches. A source throws for kinds of evidence that it lacks, as the default
/// implementations do. The loss is the task's, as a mean over images. Batch norms use running statistics,
/// dropout is off, and derivatives are by the projected values that kernels compute with, pruned weights
/// included.
///
/// Sources read whole batches, so they may read up to one batch more than `images`.
public protocol Evidence {
  /// Calls `body` with the gradient of each batch's mean loss by every trainable parameter, in plain layouts.
  ///
  /// Goes on until `images` images have been seen, or all.
  func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws
  /// Calls `body` with the named values of each batch, the batch on axis 0.
  ///
  /// Goes on until `images` images have been seen, or all. The network runs in inference, without its value
  /// encodings if `real` is true.
  func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void) throws
  /// Calls `body` with the named values of a changed network that reads the same images.
  func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void) throws
  /// Calls `body` with the named values of each batch and the classes of its images, for data with one class per image.
  ///
  /// Goes on until `images` images have been seen, or all. The network runs in inference, without value encodings.
  func forEachExample(
    of values: [String], images: Int, _ body: ([String: Tensor], _ classes: [Int]) -> Void) throws
  /// Calls `body` with the gradient of each image's loss, for the images of `forEachGradient`.
  func forEachImageGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws
  /// The product of the loss's Hessian with a direction, both by parameter.
  ///
  /// Parameters that the direction does not name count as 0 in it. The loss is the mean over the images of
  /// `forEachGradient`.
  func hessianProduct(_ direction: [String: Tensor], images: Int) throws -> [String: Tensor]
  /// The mean loss of another network of the same inputs and heads over the images of `forEachGradient`.
  ///
  /// It may be this network with a layer changed.
  func meanLoss(of changed: Graph, images: Int) throws -> Double
  /// The trainable parameters at initialization, by name; parameters that were added later are missing.
  func initialWeights() throws -> [String: Tensor]
  /// The latency of a network, such as a single layer, by the cost model of a target, in milliseconds.
  func latencyMs(of graph: Graph, on target: String) throws -> Double
}

extension Evidence {
  /// Throws `MethodError.evidence` by default: there are no images.
  public func forEachActivation(
    of values: [String], in graph: Graph, images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute values of a changed network on")
  }
  /// Throws `MethodError.evidence` by default: there are no images with classes.
  public func forEachExample(
    of values: [String], images: Int, _ body: ([String: Tensor], _ classes: [Int]) -> Void
  ) throws {
    throw MethodError.evidence(
      method: "evidence", reason: "no images of known classes were given to take examples from")
  }
  /// Throws `MethodError.evidence` by default: there are no images.
  public func forEachImageGradient(
    images: Int, _ body: ([String: Tensor]) -> Void
  ) throws {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute gradients of single images on")
  }
  /// Throws `MethodError.evidence` by default: there are no images.
  public func hessianProduct(
    _ direction: [String: Tensor], images: Int
  ) throws -> [String: Tensor] {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute the loss's curvature on")
  }
  /// Throws `MethodError.evidence` by default: there are no images.
  public func meanLoss(of changed: Graph, images: Int) throws -> Double {
    throw MethodError.evidence(
      method: "evidence", reason: "no images were given to compute the loss of changed networks on")
  }
  /// Throws `MethodError.evidence` by default: there is no cost model.
  public func latencyMs(of graph: Graph, on target: String) throws -> Double {
    throw MethodError.evidence(
      method: "evidence", reason: "the costs of layers on \(target) are not known here; leave \"target\" out")
  }
  /// Throws `MethodError.evidence` by default: there are no initial weights.
  public func initialWeights() throws -> [String: Tensor] {
    throw MethodError.evidence(
      method: "evidence",
      reason: "the weights at initialization are not known here; choose a criterion that does not need them")
  }
}

extension Evidence {
  /// The diagonal of the empirical Fisher information by every trainable parameter.
  ///
  /// **Formula**: the mean over images of the squared gradient of the image's own loss, g².
  public func fisherInformation(images: Int) throws -> [String: Tensor] {
    var sums: [String: [Double]] = [:]
    var shapes: [String: Shape] = [:]
    var seen = 0.0
    try forEachImageGradient(images: images) { gradients in
      seen += 1
      for (name, gradient) in gradients {
        shapes[name] = gradient.shape
        // Taken out of the dictionary, so that the array changes in place.
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

  /// An estimate of the diagonal of the loss's Hessian by some parameters, whose values are `weights`.
  ///
  /// **Formula**: the mean over `probes` random directions v of 1 and -1 of v·(H·v), element by element.
  /// Directions are drawn in the order of `names`. The error of an element falls with the square root of
  /// `probes`; estimates may be negative.
  ///
  /// **Paper**: Bekas, Kokiopoulou, Saad, "An estimator for the diagonal of a matrix", 2007,
  /// doi:10.1016/j.apnum.2007.01.003.
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

/// The evidence of methods that use weights alone; every method throws `MethodError.evidence`.
public struct NoEvidence: Evidence {
  /// Creates the empty evidence.
  public init() {}
  /// Throws `MethodError.evidence`: there are no images.
  public func forEachGradient(images: Int, _ body: ([String: Tensor]) -> Void) throws {
    throw MethodError.evidence(method: "evidence", reason: "no images were given to compute gradients on")
  }
  /// Throws `MethodError.evidence`: there are no images.
  public func forEachActivation(
    of values: [String], images: Int, real: Bool, _ body: ([String: Tensor]) -> Void
  ) throws {
    throw MethodError.evidence(method: "evidence", reason: "no images were given to compute values on")
  }
}
