import Foundation

/// Functions of one image's logits.
package enum LogitRow {
  /// Returns the index of the largest logit within the row; the first among equals.
  package static func argmax(_ logits: Span<Float>, _ row: Range<Int>) -> Int {
    var best = row.lowerBound
    for i in row where logits[i] > logits[best] { best = i }
    return best - row.lowerBound
  }

  /// Returns the number of classes before `label`: those with a larger logit, and equal ones of a smaller
  /// index.
  package static func rank(_ logits: Span<Float>, _ row: Range<Int>, of label: Int) -> Int {
    let own = logits[row.lowerBound + label]
    var rank = 0
    for i in row where logits[i] > own || (logits[i] == own && i < row.lowerBound + label) { rank += 1 }
    return rank
  }

  /// Writes the row's softmax; returns the logarithm of its normalizer, so that `log p = logit - normalizer`.
  @discardableResult
  package static func softmax(_ logits: Span<Float>, _ row: Range<Int>, into values: inout [Double]) -> Double
  {
    let highest = Double(logits[row.lowerBound + argmax(logits, row)])
    var sum = 0.0
    for i in row {
      let power = exp(Double(logits[i]) - highest)
      values[i - row.lowerBound] = power
      sum += power
    }
    for i in values.indices { values[i] /= sum }
    return highest + log(sum)
  }
}
