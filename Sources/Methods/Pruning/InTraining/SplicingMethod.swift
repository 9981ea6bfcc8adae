import Encodings
public import Graphs
import Settings

/// A method that masks weights while their stage trains and may take masks back.
///
/// Masters of masked weights go on learning. Each point ranks the masters anew. The last point masks the
/// lowest for good.
public protocol SplicingMethod: WeightPruningMethod {
  /// The distance from the limit, as a share of it, beyond which a unit changes sides.
  var margin: Double { get }
}

extension SplicingMethod {
  /// Acts at `times` points, whatever the schedule.
  public var pacing: Pacing { .gradual(times: amount.times, share: amount.share) }

  /// Masks and unmasks by the present scores and the margin; masks for good at the last point.
  public func compress(_ compression: inout Compression<Self>) throws -> Rewrite {
    var masters = compression.with({ $0 }, graph: compression.graph.shipped)
    let (graph, weights) = try chosen(&masters)
    compression.random = masters.random
    guard compression.progress < 1 else { return try masked(graph, weights, masters) }
    var spliced = graph
    for weight in weights {
      guard let parameter = compression.graph.parameters[weight.name],
        let (node, _) = ParameterRole.split(weight.name)
      else { continue }
      let inner = try parameter.plainFloats(weight.name, for: Self.name)
      let before = (parameter.encoding as? Spliced)?.mask
      let kept = weight.kept(
        margin: compression.settings(for: node)?.margin ?? margin,
        before: before.map { mask in (0..<mask.count).map { mask[$0] } } ?? parameter.survivors)
      spliced.parameters[weight.name]?.encoding = Spliced(mask: Mask(kept), inner: inner)
    }
    return Rewrite(inPlace: spliced)
  }
}

extension Parameter {
  /// The stored encoding of the parameter, which must be floats, masked or not.
  ///
  /// Integers and shared values have no masters that could be moved one by one; they throw.
  func plainFloats(_ name: String, for method: String) throws -> any Encoding {
    let shipped = encoding.shipped
    let innermost = (shipped as? Sparse)?.inner ?? shipped
    guard innermost is Dense else {
      throw MethodError.impossible(
        method: method, node: name,
        reason:
          "its weights are \(innermost.kind) already, expected floats; put the method before what chooses values"
      )
    }
    return shipped
  }
}
