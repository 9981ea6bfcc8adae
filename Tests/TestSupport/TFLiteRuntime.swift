import Foundation
public import Tensors

/// The interpreters of TensorFlow Lite, which run exported files.
public struct TFLiteRuntime: Sendable {
  /// The older interpreter of devices and its successor.
  public static let all = [
    TFLiteRuntime(python: PeerPython("tflite-runtime", "numpy<2")),
    TFLiteRuntime(python: PeerPython("ai-edge-litert", "numpy")),
  ]

  /// The Python environment in which it is installed.
  public let python: PeerPython

  /// True if tests may run both.
  public static var mayBeAsked: Bool { all.allSatisfy(\.python.mayBeAsked) }

  /// The outputs of a file for images `[N, C, H, W]` of floats, in the file's numbers, image by image.
  ///
  /// Without delegates, only the interpreter's own kernels run.
  public func run(_ bytes: [UInt8], on images: Tensor, delegates: Bool = true) throws -> [Float] {
    let place = NSTemporaryDirectory() + "condense-tflite-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    try Data(bytes).write(to: URL(filePath: place + "/model.tflite"))
    try Data(littleEndian: images.values).write(to: URL(filePath: place + "/images.f32"))
    let resolver = delegates ? "AUTO" : "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    _ = try python.run(Self.script, [place, resolver] + images.shape.dimensions.map { "\($0)" })
    return try Data(contentsOf: URL(filePath: place + "/outputs.f32")).littleEndianFloats
  }

  private static let script = """
    import sys, numpy as np
    try:
        from tflite_runtime.interpreter import Interpreter, OpResolverType
    except ImportError:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType
    place, resolver, shape = sys.argv[1], getattr(OpResolverType, sys.argv[2]), [int(a) for a in sys.argv[3:]]
    interpreter = Interpreter(model_path=place + "/model.tflite", experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    takes, gives = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    images = np.fromfile(place + "/images.f32", "<f4").reshape(shape).transpose(0, 2, 3, 1)
    found = []
    for image in images:
        if takes["dtype"] == np.int8:
            scale, zero = takes["quantization"]
            image = np.clip(np.rint(image / np.float32(scale)) + zero, -128, 127)
        interpreter.set_tensor(takes["index"], image[None].astype(takes["dtype"]))
        interpreter.invoke()
        found.append(interpreter.get_tensor(gives["index"])[0].astype("<f4"))
    np.array(found).tofile(place + "/outputs.f32")
    """
}
