import Foundation
import Tensors
import Testing

/// onnxruntime from PyPI in a folder of its own, made once; Python is needed by these tests alone.
enum ONNXRuntime {
  private static let packages = ["onnxruntime==1.31.1", "numpy==2.4.6", "onnx==1.23.2"]
  private static let folder =
    FileManager.default.homeDirectoryForCurrentUser.path
    + "/.cache/condense-tests/onnxruntime-1.31.1"

  /// Whether tests may ask it; continuous integration must have it, so there what is missing fails them.
  static let mayBeAsked = ProcessInfo.processInfo.environment["CONDENSE_CI"] != nil || isThere

  /// Makes the folder where it is not there yet, whole or not at all.
  private static let isThere: Bool = {
    let files = FileManager.default
    if files.isExecutableFile(atPath: folder + "/bin/python") { return true }
    let part = "\(folder).\(ProcessInfo.processInfo.processIdentifier).part"
    defer { try? files.removeItem(atPath: part) }
    try? files.createDirectory(
      atPath: URL(filePath: folder).deletingLastPathComponent().path, withIntermediateDirectories: true)
    guard (try? run("/usr/bin/env", ["python3", "-m", "venv", part])) != nil,
      (try? run(part + "/bin/python", ["-m", "pip", "install", "--quiet"] + packages)) != nil
    else { return false }
    return (try? files.moveItem(atPath: part, toPath: folder)) != nil
      || files.isExecutableFile(atPath: folder + "/bin/python")
  }()

  /// What a run said.
  struct Result {
    /// The logits, row-major.
    let logits: [Float]
    /// The operators that were really run, in order.
    let operators: [String]
  }

  /// Runs a file on images.
  static func run(_ bytes: [UInt8], on images: Tensor) throws -> Result {
    try #require(isThere, "no onnxruntime: python3 with venv, and PyPI within reach, are needed once")
    let place = NSTemporaryDirectory() + "condense-onnxruntime-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: place) }
    try Data(bytes).write(to: URL(filePath: place + "/model.onnx"))
    let numbers = images.values.flatMap { number in
      (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> (8 * $0)) }
    }
    try Data(numbers).write(to: URL(filePath: place + "/images.f32"))
    try Data(script.utf8).write(to: URL(filePath: place + "/run.py"))
    let shape = images.shape.dimensions.map { "\($0)" }
    let text = try run(folder + "/bin/python", [place + "/run.py", place] + shape)
    let found = [UInt8](try Data(contentsOf: URL(filePath: place + "/logits.f32")))
    let logits = (0..<found.count / 4).map { index in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(found[4 * index + $1]) << (8 * UInt32($1)) })
    }
    return Result(logits: logits, operators: text.split(whereSeparator: \.isWhitespace).map(String.init))
  }

  /// Checks the file, runs it as onnxruntime does by default, and prints the operators of the optimised graph.
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

  @discardableResult
  private static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/timeout")
    process.arguments = ["--kill-after=5", "600", program] + arguments
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program) failed")
    return String(decoding: data, as: UTF8.self)
  }
}
