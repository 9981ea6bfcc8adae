import Images

extension Dataset {
  /// The set's channels, with the medians of the images' heights and widths; `nil` without images.
  public var usualShape: InputShape? {
    func median(_ sides: [Int]) -> Int { sides.sorted()[sides.count / 2] }
    guard !records.isEmpty else { return nil }
    return InputShape(
      channels: channels, height: median(records.map(\.height)), width: median(records.map(\.width)))
  }

  /// Returns the mean and the standard deviation of each channel over a split, in units of 0...255.
  ///
  /// Images are first converted to the channels and the size of `input`. Throws if the split is empty.
  ///
  /// The sums are of integers, so the result does not depend on the order of images. Of more than 100,000
  /// images, 100,000 are taken, evenly spaced by class and path.
  public func statistics(_ split: Split = .train, input: InputShape) throws(DatasetError) -> Normalization {
    var sums = ChannelSums(channels: input.channels)
    let reader = ImageReader(self)
    var image = Image(
      width: input.width, height: input.height, channels: input.channels,
      pixels: Array(repeating: 0, count: input.count))
    for index in Self.sampled(indices(of: split), most: Self.mostMeasured) {
      if let place = storedPlace(of: index, as: input) {
        store.withPixels(place) { sums.add($0) }
      } else {
        try reader.read(index, as: input, into: &image)
        sums.add(image.pixels.span)
      }
    }
    guard sums.pixels > 0 else {
      throw .emptySplit(path: path, split: split, available: Split.allCases.filter { count(of: $0) > 0 })
    }
    return sums.normalization
  }

  /// The most images from which the statistics of a split are taken.
  private static let mostMeasured = 100_000

  /// Returns at most `most` of some indices, evenly spaced from the first.
  static func sampled(_ indices: [Int], most: Int) -> [Int] {
    indices.count <= most ? indices : (0..<most).map { indices[$0 * indices.count / most] }
  }
}

/// The sums of pixel values and of their squares, per channel.
struct ChannelSums {
  let channels: Int
  private(set) var pixels = 0
  private var sums: [Int]
  private var squares: [Int]

  init(channels: Int) {
    self.channels = channels
    sums = Array(repeating: 0, count: channels)
    squares = Array(repeating: 0, count: channels)
  }

  /// Adds interleaved bytes `[pixels, channels]`.
  mutating func add(_ samples: Span<UInt8>) {
    let count = samples.count / channels
    pixels += count
    if channels == 3 { addColor(samples, count) } else { addGray(samples, count) }
  }

  private mutating func addGray(_ samples: Span<UInt8>, _ count: Int) {
    var (sum, square) = (0, 0)
    for i in 0..<count {
      let value = Int(samples[i])
      sum &+= value
      square &+= value &* value
    }
    sums[0] += sum
    squares[0] += square
  }

  private mutating func addColor(_ samples: Span<UInt8>, _ count: Int) {
    var (r, g, b, rr, gg, bb) = (0, 0, 0, 0, 0, 0)
    for i in 0..<count {
      let (red, green, blue) = (Int(samples[3 * i]), Int(samples[3 * i + 1]), Int(samples[3 * i + 2]))
      r &+= red
      g &+= green
      b &+= blue
      rr &+= red &* red
      gg &+= green &* green
      bb &+= blue &* blue
    }
    for (channel, (sum, square)) in [(r, rr), (g, gg), (b, bb)].enumerated() {
      sums[channel] += sum
      squares[channel] += square
    }
  }

  /// The mean and the population standard deviation of each channel.
  var normalization: Normalization {
    let count = Double(max(pixels, 1))
    let means = sums.map { Double($0) / count }
    let deviations = zip(squares, means).map { square, mean in
      max(0, Double(square) / count - mean * mean).squareRoot()
    }
    return Normalization(mean: means.map { Float($0) }, deviation: deviations.map { Float($0) })
  }
}
