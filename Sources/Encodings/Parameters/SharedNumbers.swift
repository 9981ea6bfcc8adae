public import Graphs
import Tensors

/// An encoding whose elements share a few numbers, which are real or the integers of one grid.
public protocol SharedNumbers: Encoding {
  /// The grid of integers to which shared numbers are rounded, with one scale; `nil` leaves them real.
  var grid: Integer? { get }
  /// The same elements, with shared numbers on a grid of one scale or real.
  func onGrid(_ grid: Integer?) -> Self
}

/// Shared numbers that a rule assigns: each element is one of the numbers or its negative.
///
/// **Formula**: `w[i] = sign[i] · c[place[i]]`, where `c[k]` is the mean of `sign[i] · master[i]` over the
/// elements of number k, which is nearest to the masters. Elements outside a mask take no part in it.
///
/// **Gradient**: every element gets `sign[i]` times the same mean of `sign[i] · gradient[i]`. This is the
/// gradient projected onto the weights that the encoding can represent, so that the learning rates of untied
/// weights stay right. On a grid it passes straight through the rounding, and is zero where the mean lies
/// beyond the grid.
protocol TiedEncoding: SharedNumbers {
  /// The assignment of elements to numbers.
  var ties: Ties { get }
}

extension TiedEncoding {
  /// True without a grid; on a grid, small updates must add up between two integers.
  public var keepsProjectedMasters: Bool { grid == nil }
  /// The survivors of the mask, or all elements.
  public func nonZeroCount(_ values: Span<Float>) -> Int { ties.mask?.survivorCount ?? values.count }
  /// Dense: channels with different factors no longer share numbers.
  ///
  /// The caller keeps the weights as they are.
  public func afterChannelScaling() -> any Encoding { Dense() }

  /// Replaces each element by its number with its sign.
  public func project(_ values: inout MutableSpan<Float>, shape: Shape) {
    ties.spread(numbers(values.span), over: &values)
  }

  /// Gives each element the mean gradient of its number, with its sign.
  public func backward(_ gradient: inout MutableSpan<Float>, masters: Span<Float>, shape: Shape) {
    var gradients = ties.means(gradient.span)
    if let grid {
      let means = ties.means(masters)
      var span = gradients.mutableSpan
      grid.backward(&span, masters: means.span, shape: [means.count])
    }
    ties.spread(gradients, over: &gradient)
  }

  /// The shared numbers of some masters, on the grid if there is one.
  func numbers(_ values: Span<Float>) -> [Float] {
    var numbers = ties.means(values)
    if let grid {
      var span = numbers.mutableSpan
      grid.project(&span, shape: [ties.count])
    }
    return numbers
  }
}

/// The assignment of a tensor's elements to shared numbers, with signs.
struct Ties: Sendable, Equatable {
  /// The index of each element's number, row-major; its complement where the element is the negative.
  let places: [Int32]
  /// The number of shared numbers.
  let count: Int
  /// The elements that take part in the numbers; `nil` for all.
  let mask: Mask?
  /// The number of elements that take part in each number.
  private let members: [Int32]

  init(places: [Int32], count: Int, mask: Mask?) {
    self.places = places
    self.count = count
    self.mask = mask.flatMap { $0.survivorCount < $0.count ? $0 : nil }
    var members = Array(repeating: Int32(0), count: count)
    for (index, place) in places.enumerated() where self.mask?[index] ?? true {
      members[Int(place < 0 ? ~place : place)] += 1
    }
    self.members = members
  }

  /// The mean of each number's elements with their signs; 0 for a number without elements.
  func means(_ values: Span<Float>) -> [Float] {
    precondition(values.count == places.count, "\(values.count) values, \(places.count) elements")
    var sums = Array(repeating: 0.0, count: count)
    if let mask {
      for index in mask.survivors { add(values[index], places[index], &sums) }
    } else {
      for index in values.indices { add(values[index], places[index], &sums) }
    }
    return zip(sums, members).map { $1 == 0 ? 0 : Float($0 / Double($1)) }
  }

  @inline(__always)
  private func add(_ value: Float, _ place: Int32, _ sums: inout [Double]) {
    if place < 0 { sums[Int(~place)] -= Double(value) } else { sums[Int(place)] += Double(value) }
  }

  /// Gives each element its number, and zero outside the mask.
  func spread(_ numbers: [Float], over values: inout MutableSpan<Float>) {
    precondition(values.count == places.count && numbers.count == count, "\(values.count) values")
    for index in values.indices {
      let place = places[index]
      // Subtracting from zero makes the negative of zero plain zero, as it is read from files.
      values[index] = place < 0 ? 0 - numbers[Int(~place)] : numbers[Int(place)]
    }
    mask?.apply(to: &values)
  }
}

extension Shape {
  /// The row-major places of a slice's elements in this shape; `kept` holds the indices of each cut axis.
  func elements(kept: [Int: [Int]]) -> [Int] {
    var places = [0]
    for (axis, extent) in dimensions.enumerated() {
      let indices = kept[axis] ?? Array(0..<extent)
      places = places.flatMap { place in indices.map { place * extent + $0 } }
    }
    return places
  }
}

// Files hold shared numbers as floats, or as integers with their scale.
extension StoredTensor {
  /// The streams of shared numbers, and the width of their grid.
  static func shared(_ shared: [Float], on grid: Integer?) -> StoredTensor {
    guard let grid else {
      return StoredTensor(streams: [.init(name: "centroids", bits: 32, symbols: shared.map(\.bitPattern))])
    }
    let mask = UInt32.max >> UInt32(32 - grid.bits)
    let integers = grid.integers(Tensor(shared, shape: [shared.count]))
    return StoredTensor(
      numbers: ["bits": grid.bits],
      streams: [
        .init(name: "scale", bits: 32, symbols: grid.scales.map(\.bitPattern)),
        .init(name: "integers", bits: grid.bits, symbols: integers.map { UInt32(bitPattern: $0) & mask }),
      ])
  }

  /// The shared numbers, and their grid if they are integers.
  ///
  /// It refuses numbers that are not finite or exceed their grid, and an invalid grid.
  func sharedNumbers(of kind: String) throws(EncodingError) -> (numbers: [Float], grid: Integer?) {
    guard let bits = numbers["bits"] else {
      let shared = try stream("centroids", bits: 32, of: kind).map(Float.init(bitPattern:))
      if let bad = shared.first(where: { !$0.isFinite }) {
        throw .invalid(kind: kind, what: "centroids", expected: "finite numbers", found: "\(bad)")
      }
      return (shared, nil)
    }
    guard (2...16).contains(bits) else {
      throw .invalid(kind: kind, what: "bits", expected: "2…16", found: "\(bits)")
    }
    let scale = try stream("scale", bits: 32, of: kind)
    guard scale.count == 1 else {
      throw .invalid(kind: kind, what: "scale", expected: "1 number", found: "\(scale.count)")
    }
    let integers = try stream("integers", bits: bits, of: kind)
    let (grid, tensor) = try Integer.restore(
      StoredTensor(
        numbers: ["bits": bits],
        streams: [
          .init(name: "scales", bits: 32, symbols: scale),
          .init(name: "integers", bits: bits, symbols: integers),
        ]), shape: [integers.count])
    return (tensor.values, grid)
  }
}
