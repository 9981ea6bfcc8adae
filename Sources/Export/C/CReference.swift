public import Execution
public import Tasks

/// What exported C of integers must give back.
public struct CReference: Sendable {
  /// What it computes, to the bit.
  public let program: IntegerProgram
  /// What makes detections of a detector's two outputs; `nil` for other networks, of which C gives back the first output.
  public let decoder: IntegerDecoder?

  /// Describes what is given back of a program.
  public init(_ program: IntegerProgram, decoder: IntegerDecoder? = nil) {
    (self.program, self.decoder) = (program, decoder)
  }

  /// What C gives back, as it lies in memory, where the program's outputs of an image are these.
  public func answer(_ outputs: [[Int8]]) -> [Int8] {
    if let decoder { return decoder.bytes(decoder.found(scores: outputs[0], offsets: outputs[1])) }
    return COrder(program.values[program.outputs[0]].shape).arranged(outputs[0])
  }

  /// What C gives back for an image's integers, by the plain kernels.
  public func answer(to image: [Int8]) -> [Int8] {
    let values = program.values(of: [image])
    return answer(program.outputs.map { values[$0] })
  }
}
