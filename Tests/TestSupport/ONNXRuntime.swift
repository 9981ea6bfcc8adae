public import Foundation
public import Tensors

/// The program onnxruntime, which runs exported files.
public enum ONNXRuntime {
  /// The Python environment in which it is installed.
  public static let python = PeerPython("onnxruntime==1.31.1", "numpy==2.4.6", "onnx==1.23.2")

  /// True if tests may run it.
  public static let mayBeAsked = python.mayBeAsked

  /// The result of a run.
  public struct Result: Sendable {
    /// The logits, row-major.
    public let logits: [Float]
    /// The operators that ran, in order.
    public let operators: [String]
  }

  /// Runs a file on images, on this machine's processor or on one that QEMU emulates.
  public static func run(_ bytes: [UInt8], on images: Tensor, emulating processor: EmulatedProcessor? = nil)
    throws
    -> Result
  {
    let place = NSTemporaryDirectory() + "condense-onnxruntime-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    try Data(bytes).write(to: URL(filePath: place + "/model.onnx"))
    try Data(littleEndian: images.values).write(to: URL(filePath: place + "/images.f32"))
    let shape = images.shape.dimensions.map { "\($0)" }
    let printed = try python.run(script, [place] + shape, on: processor)
    let operators = String(decoding: printed, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    return Result(
      logits: try Data(contentsOf: URL(filePath: place + "/logits.f32")).littleEndianFloats,
      operators: operators.map(String.init))
  }

  /// Checks the file, runs it with onnxruntime's defaults, and prints the operators of the optimised graph.
  private static let script = """
    import sys, numpy as np, onnx, onnxruntime as ort
    place, shape = sys.argv[1], [int(a) for a in sys.argv[2:]]
    onnx.checker.check_model(place + "/model.onnx", full_check=True)
    options = ort.SessionOptions()
    options.optimized_model_filepath = place + "/optimized.onnx"
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(place + "/model.onnx", options, providers=["CPUExecutionProvider"])
    images = np.fromfile(place + "/images.f32", "<f4").reshape(shape)
    logits = session.run(None, {session.get_inputs()[0].name: images})[0]
    logits.astype("<f4").tofile(place + "/logits.f32")
    print(*[node.op_type for node in onnx.load(place + "/optimized.onnx").graph.node])
    """
}

extension Data {
  /// The numbers as little-endian 32-bit floats.
  public init(littleEndian numbers: [Float]) {
    self.init(
      numbers.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) } })
  }

  /// The numbers of little-endian 32-bit floats.
  public var littleEndianFloats: [Float] {
    let bytes = [UInt8](self)
    return stride(from: 0, to: bytes.count - 3, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
    }
  }
}
