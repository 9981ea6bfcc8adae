/// The input positions and weights of every output position along one axis.
private struct AxisWeights {
  var starts: [Int] = []
  var counts: [Int] = []
  var offsets: [Int] = []
  var weights: [Float] = []

  /// Computes area coverage for an axis that shrinks, and linear interpolation for one that grows.
  init(from input: Int, to output: Int) {
    for i in 0..<output {
      offsets.append(weights.count)
      if output <= input { appendCoverage(i, input, output) } else { appendLinear(i, input, output) }
      counts.append(weights.count - offsets[i])
    }
  }

  /// Appends the weights of output pixel i.
  ///
  /// In units of 1/output, it covers [i*input, (i+1)*input), and input pixel j covers [j*output,
  /// (j+1)*output).
  private mutating func appendCoverage(_ i: Int, _ input: Int, _ output: Int) {
    let (low, high) = (i * input, (i + 1) * input)
    let first = low / output
    let last = (high - 1) / output
    starts.append(first)
    for j in first...last {
      weights.append(Float(min(high, (j + 1) * output) - max(low, j * output)) / Float(input))
    }
  }

  private mutating func appendLinear(_ i: Int, _ input: Int, _ output: Int) {
    let center = (Double(i) + 0.5) * Double(input) / Double(output) - 0.5
    let position = min(max(center, 0), Double(input - 1))
    let first = min(Int(position), max(input - 2, 0))
    starts.append(first)
    let fraction = Float(position - Double(first))
    weights.append(1 - fraction)
    if input > 1 { weights.append(fraction) }
  }
}

extension Image {
  /// The image at another size.
  ///
  /// Each axis is resized by itself. An axis that shrinks is averaged by area coverage. One that grows is
  /// interpolated linearly between pixel centres (half-pixel convention, edges repeated). The result is
  /// rounded once, to the nearest, and is the same on every machine. Both sizes must be at least 1, and the
  /// image must not be empty.
  public func resized(width newWidth: Int, height newHeight: Int) -> Image {
    precondition(newWidth > 0 && newHeight > 0 && width > 0 && height > 0, "sizes are at least 1")
    if newWidth == width && newHeight == height { return self }
    let columns = AxisWeights(from: width, to: newWidth)
    let rows = AxisWeights(from: height, to: newHeight)
    var result = [UInt8](repeating: 0, count: newWidth * newHeight * channels)
    var line = [Float](repeating: 0, count: width * channels + 1)
    for y in 0..<newHeight {
      blend(rows, y, into: &line)
      if channels == 3 {
        spreadColors(line, columns, into: &result, at: y * newWidth * 3)
      } else {
        spread(line, columns, into: &result, at: y * newWidth * channels)
      }
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }

  /// Adds up the weighted input rows of output row `y`.
  private func blend(_ rows: AxisWeights, _ y: Int, into line: inout [Float]) {
    let stride = width * channels
    let source = pixels.span
    var target = line.mutableSpan
    for k in 0..<rows.counts[y] {
      let weight = rows.weights[rows.offsets[y] + k]
      let row = source.extracting((rows.starts[y] + k) * stride..<(rows.starts[y] + k + 1) * stride)
      if k == 0 {
        for i in 0..<stride { target[i] = weight * Float(row[i]) }
      } else {
        for i in 0..<stride { target[i] += weight * Float(row[i]) }
      }
    }
  }

  /// Adds up the weighted columns of a blended row, and writes an output row.
  private func spread(_ line: [Float], _ columns: AxisWeights, into result: inout [UInt8], at start: Int) {
    let source = line.span
    let weights = columns.weights.span
    var next = start
    for x in 0..<columns.starts.count {
      let (first, count, offset) = (columns.starts[x], columns.counts[x], columns.offsets[x])
      for c in 0..<channels {
        var sum: Float = 0
        for k in 0..<count { sum += weights[offset + k] * source[(first + k) * channels + c] }
        result[next] = UInt8(min(max(sum + 0.5, 0), 255))
        next += 1
      }
    }
  }

  /// Does as `spread` for three channels, which it adds up together in the same order: the bytes are equal.
  ///
  /// `line` has one element beyond the last pixel, as four are read at a time.
  private func spreadColors(
    _ line: [Float], _ columns: AxisWeights, into result: inout [UInt8], at start: Int
  ) {
    precondition(line.count == 3 * width + 1, "one element more than there are samples")
    let weights = columns.weights.span
    var target = result.mutableSpan
    unsafe line.withUnsafeBytes { source in
      var next = start
      for x in 0..<columns.starts.count {
        let (first, count, offset) = (columns.starts[x], columns.counts[x], columns.offsets[x])
        var sum = SIMD4<Float>(repeating: 0)
        for k in 0..<count {
          let samples = unsafe source.loadUnaligned(fromByteOffset: 12 * (first + k), as: SIMD4<Float>.self)
          sum += weights[offset + k] * samples
        }
        for c in 0..<3 { target[next + c] = UInt8(min(max(sum[c] + 0.5, 0), 255)) }
        next += 3
      }
    }
  }
}
