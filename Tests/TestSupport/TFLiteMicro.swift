import Foundation
public import Tensors

/// TensorFlow Lite's interpreter for microcontrollers; PyPI has only development versions, one of which is
/// pinned.
public enum TFLiteMicro {
  private static let python = PeerPython(
    "ai-edge-litert==2.3.0", "tflite-micro==0.dev20261023182759", "numpy==2.4.6")

  /// True if tests may run it.
  public static let mayBeAsked = python.mayBeAsked

  /// The outputs of a file for images `[N, C, H, W]` of floats, in the file's numbers, image by image.
  public static func run(_ bytes: [UInt8], on images: Tensor) throws -> [Float] {
    let place = NSTemporaryDirectory() + "condense-tflite-micro-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    try Data(bytes).write(to: URL(filePath: place + "/model.tflite"))
    try Data(littleEndian: images.values).write(to: URL(filePath: place + "/images.f32"))
    _ = try python.run(script, [place] + images.shape.dimensions.map { "\($0)" })
    return try Data(contentsOf: URL(filePath: place + "/outputs.f32")).littleEndianFloats
  }

  private static let script = """
    import sys, numpy as np
    from tflite_micro.python.tflite_micro import runtime
    place, shape = sys.argv[1], [int(a) for a in sys.argv[2:]]
    interpreter = runtime.Interpreter.from_file(place + "/model.tflite", arena_size=1 << 24)
    takes = interpreter.get_input_details(0)
    images = np.fromfile(place + "/images.f32", "<f4").reshape(shape).transpose(0, 2, 3, 1)
    found = []
    for image in images:
        if takes["dtype"] == np.int8:
            grid = takes["quantization_parameters"]
            image = np.clip(np.rint(image / np.float32(grid["scales"][0])) + grid["zero_points"][0], -128, 127)
        interpreter.set_input(image[None].astype(takes["dtype"]), 0)
        interpreter.invoke()
        found.append(interpreter.get_output(0)[0].astype("<f4"))
    np.array(found).tofile(place + "/outputs.f32")
    """
}
