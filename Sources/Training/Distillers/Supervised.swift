public import Datasets
public import Settings

/// Plain training: the cross-entropy of labels, with no teacher.
public struct Supervised: Distiller {
  public static let name = "supervised"
  public static let summary = "cross-entropy with the labels; no teacher"

  public init() {}
  public static var settings: [Setting<Supervised>] { [] }

  public var need: TeacherNeed { .nothing }

  public func evaluateLogits(
    _ logits: Span<Float>, teacher: Span<Float>, of batch: Batch, range: Range<Int>,
    _ loss: SoftmaxCrossEntropy, gradient: inout MutableSpan<Float>
  ) -> SoftmaxCrossEntropy.Score {
    loss.evaluate(logits: logits, of: batch, range: range, gradient: &gradient)
  }
}
