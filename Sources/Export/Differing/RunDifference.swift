import Foundation
public import Tensors

/// The comparison of two models or runtimes: the differences of their outputs, and the first layer that
/// differs.
public struct RunDifference: Sendable {
  /// A layer that differs.
  public struct Parting: Sendable, Equatable {
    /// The layer's names in the first and in the second model.
    public let names: [String]
    /// The index of the element with the greatest difference: channel, row and column, or feature.
    public let element: [Int]
    /// The values of both models at this element.
    public let values: [Float]
    /// The allowed difference.
    public let allowed: Float
    /// The number of elements that differ by more than is allowed.
    public let differing: Int
    /// The number of all elements.
    public let count: Int
  }

  /// The number of equal predictions.
  public let agreeing: Int
  /// The predictions of both models, by image.
  public let predictions: [[Int]]
  /// The greatest difference of two outputs.
  public let greatest: Float
  /// The image and the output with the greatest difference.
  public let greatestPlace: (image: Int, output: Int)
  /// The mean of all absolute differences.
  public let mean: Double
  /// The largest output of the first model.
  public let largest: Float
  /// The number of outputs that differ by more than is allowed.
  public let differing: Int
  /// The number of all outputs.
  public let count: Int
  /// The number of compared layers.
  public let layers: Int
  /// The first layer that differs; `nil` without one.
  public let parting: Parting?
  /// True if the softmax of one model's scores was taken, because the other model's outputs are
  /// probabilities.
  public let tookSoftmax: Bool
  /// True if one in a hundred numbers may differ, as integers are rounded differently.
  private let mayRound: Bool

  /// True if both models agree within the tolerance.
  public var isAlike: Bool { parting == nil && Self.isFew(differing, of: count, mayRound) }

  /// Runs both models on all images, and compares the layers of the image whose outputs differ most.
  ///
  /// Throws where the numbers of outputs differ.
  public init(
    _ first: any ModelRun, _ images: Tensor, _ second: any ModelRun, _ otherImages: Tensor, tolerance: Float
  ) throws {
    let count = images.shape[0]
    var outputs = [try first.outputs(of: images), try second.outputs(of: otherImages)]
    guard outputs[0].count == outputs[1].count, !outputs[0].isEmpty, outputs[0].count.isMultiple(of: count)
    else {
      throw RunDifferenceError.outputs(outputs.map { $0.count / max(count, 1) })
    }
    let width = outputs[0].count / count
    let areProbabilities = outputs.map { Self.areProbabilities($0, width) }
    tookSoftmax = areProbabilities[0] != areProbabilities[1]
    if tookSoftmax {
      let scores = areProbabilities[0] ? 1 : 0
      outputs[scores] = Self.probabilities(outputs[scores], width)
    }
    let differences = zip(outputs[0], outputs[1]).map { $0 == $1 ? 0 : abs($0 - $1) }
    let worst = differences.indices.max { Self.isLess(differences[$0], differences[$1]) } ?? 0
    greatest = differences[worst]
    greatestPlace = (worst / width, worst % width)
    mean = differences.reduce(0) { $0 + Double($1) } / Double(differences.count)
    largest = outputs[0].reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    predictions = outputs.map { Self.predictions($0, width) }
    agreeing = zip(predictions[0], predictions[1]).count { $0 == $1 }
    self.count = differences.count
    mayRound = first.method != second.method && (first.isInteger || second.isInteger)

    let image = images.gathering([worst / width], axis: 0)
    let other = otherImages.gathering([worst / width], axis: 0)
    let (layers, otherLayers) = (try first.layers(of: image), try second.layers(of: other))
    let pairs = LayerMatch(layers, otherLayers).pairs
    self.layers = pairs.count
    let mayRound = mayRound
    parting =
      pairs.lazy.compactMap {
        Self.parting(layers[$0.first], otherLayers[$0.second], tolerance, mayRound)
      }.first
    let steps = [layers.last?.step, otherLayers.last?.step].compactMap(\.self)
    let allowed = tolerance * largest + (mayRound && !tookSoftmax ? (steps.max() ?? 0) * Self.rounding : 0)
    differing = differences.count { !($0 <= allowed) }
  }

  /// One step, with room for the rounding of floats.
  private static let rounding: Float = 1.001
  /// The share of numbers that may differ by more than a step where integers are rounded differently.
  private static let roundedShare = 0.01

  private static func isFew(_ differing: Int, of count: Int, _ mayRound: Bool) -> Bool {
    mayRound ? Double(differing) <= roundedShare * Double(count) : differing == 0
  }

  private static func parting(
    _ first: RunLayer, _ second: RunLayer, _ tolerance: Float, _ mayRound: Bool
  ) -> Parting? {
    let largest = (first.values + second.values).reduce(Float(0)) { $1.isFinite ? max($0, abs($1)) : $0 }
    let step = max(first.step ?? 0, second.step ?? 0)
    let allowed = tolerance * largest + (mayRound ? step * rounding : 0)
    let places = first.values.indices.filter {
      let (a, b) = (first.values[$0], second.values[$0])
      return a != b && !(a.isNaN && b.isNaN) && !(abs(a - b) <= allowed)
    }
    guard let place = places.first, !isFew(places.count, of: first.values.count, mayRound) else { return nil }
    var (rest, element) = (place, [Int]())
    for extent in first.shape.dimensions.reversed() {
      element.insert(rest % extent, at: 0)
      rest /= extent
    }
    return Parting(
      names: [first.name, second.name], element: element,
      values: [first.values[place], second.values[place]],
      allowed: allowed, differing: places.count, count: first.values.count)
  }

  /// True if a is less than b, where NaN is greater than all numbers.
  private static func isLess(_ a: Float, _ b: Float) -> Bool { a.isNaN ? false : b.isNaN || a < b }

  private static func predictions(_ outputs: [Float], _ width: Int) -> [Int] {
    stride(from: 0, to: outputs.count, by: width).map { start in
      (0..<width).max { outputs[start + $0] < outputs[start + $1] } ?? 0
    }
  }

  private static func areProbabilities(_ outputs: [Float], _ width: Int) -> Bool {
    width > 1
      && stride(from: 0, to: outputs.count, by: width).allSatisfy { start in
        let row = outputs[start..<start + width]
        return row.allSatisfy { $0 >= 0 } && abs(row.reduce(0, +) - 1) < 0.02
      }
  }

  private static func probabilities(_ scores: [Float], _ width: Int) -> [Float] {
    stride(from: 0, to: scores.count, by: width).flatMap { start -> [Float] in
      let row = scores[start..<start + width]
      let largest = row.max() ?? 0
      let powers = row.map { exp(Double($0 - largest)) }
      let sum = powers.reduce(0, +)
      return powers.map { Float($0 / sum) }
    }
  }
}

/// The reason why two runs cannot be compared.
public enum RunDifferenceError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Different numbers of outputs per image.
  case outputs([Int])

  /// The message: what was found and what was expected.
  public var description: String {
    switch self {
    case .outputs(let counts):
      "the first gives \(counts[0]) outputs an image, the second \(counts[1]); expected as many"
    }
  }
}
