import Execution
import Export
import Foundation
import Graphs
import Settings
import Tensors
import TestSupport

/// TensorFlow Lite's interpreter, which runs exported files.
struct TFLitePeer {
  /// The Python environments of the interpreters.
  static let runtimes = TFLiteRuntime.all.map(\.python)

  /// A network with images for which the outputs are compared.
  struct Case {
    var name: String
    var graph: Graph
    /// The images by graph input, `[N, …]`.
    var images: [Tensor]
  }

  /// The distance of a runtime's outputs from those of Condense.
  struct Distance: Decodable {
    /// The largest difference of floats or of integers.
    var largest: Double
    /// The share of integer outputs that differ by at most one step.
    var withinOne: Double
    /// The largest output of Condense.
    var scale: Double
  }

  private static let script = """
    import json, sys, numpy as np
    try:
        from tflite_runtime.interpreter import Interpreter
    except ImportError:
        from ai_edge_litert.interpreter import Interpreter
    folder = sys.argv[1]
    answers = {}
    for case in json.load(open(folder + '/cases.json')):
        path = folder + '/' + case['name']
        interpreter = Interpreter(model_path=path + '.tflite')
        interpreter.allocate_tensors()
        takes, gives = interpreter.get_input_details(), interpreter.get_output_details()
        inputs = [np.fromfile(f'{path}.{i}.in', np.float32).reshape([case['images']] + shape)
                  for i, shape in enumerate(case['inputs'])]
        inputs = [x.transpose(0, 2, 3, 1) if x.ndim == 4 else x for x in inputs]
        wanted = np.fromfile(path + '.out', np.float32).reshape([case['images']] + case['output'])
        wanted = wanted.transpose(0, 2, 3, 1) if wanted.ndim == 4 else wanted
        found = []
        for image in range(case['images']):
            for detail, x in zip(takes, inputs):
                x = x[image:image + 1]
                if detail['dtype'] == np.int8:
                    scale, zero = detail['quantization']
                    x = np.clip(np.rint(x / np.float32(scale)) + zero, -128, 127)
                assert list(detail['shape']) == list(x.shape), (case['name'], detail['shape'], x.shape)
                interpreter.set_tensor(detail['index'], x.astype(detail['dtype']))
            interpreter.invoke()
            found.append(interpreter.get_tensor(gives[0]['index'])[0])
        found = np.array(found).astype(np.float64)
        difference = np.abs(found - wanted)
        answers[case['name']] = dict(largest=float(difference.max()), withinOne=float((difference <= 1).mean()),
                                     scale=float(np.abs(wanted).max()))
    print(json.dumps(answers))
    """

  /// The distance for each case from the reference backend, or from the integer reference in its steps.
  static func distances(_ cases: [Case], by python: PeerPython) throws -> [String: Distance] {
    let folder = NSTemporaryDirectory() + "condense-tflite-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var listing: [SettingsNode] = []
    for item in cases {
      try write(item, to: folder)
      let shape = item.graph.shape(of: item.graph.outputs[0]) ?? []
      listing.append(
        SettingsNode(mapping: [
          "name": item.name.node, "images": item.images[0].shape[0].node,
          "inputs": item.images.map { Array($0.shape.dimensions.dropFirst()) }.node,
          "output": Array(shape.dimensions.dropFirst()).node,
        ]))
    }
    let text = "[" + listing.map(\.canonicalJSON).joined(separator: ",") + "]"
    try Data(text.utf8).write(to: URL(filePath: folder + "/cases.json"))
    return try JSONDecoder().decode([String: Distance].self, from: python.run(script, [folder]))
  }

  private static func write(_ item: Case, to folder: String) throws {
    let path = "\(folder)/\(item.name)"
    let input = item.graph.inputs[0].shape
    let channels = input.rank == 3 ? input[0] : 1
    let model = Model(
      graph: item.graph, classes: [],
      input: InputDescription(
        shape: input, mean: Array(repeating: 0, count: channels),
        deviation: Array(repeating: 1, count: channels)),
      split: SettingsNode(.null), provenance: SettingsNode(.null))
    let isInteger = !item.graph.values.isEmpty
    let file = try TFLiteExporter().artifact(of: model, ExportOptions(baseName: "model")).model
    try Data(file.bytes).write(to: URL(filePath: path + ".tflite"))
    for (index, images) in item.images.enumerated() {
      try Data(littleEndian: images.values).write(to: URL(filePath: "\(path).\(index).in"))
    }
    try Data(littleEndian: isInteger ? integers(item) : outputs(item)).write(to: URL(filePath: path + ".out"))
  }

  private static func integers(_ item: Case) throws -> [Float] {
    let program = try IntegerProgram(item.graph)
    let count = item.images[0].shape[0]
    return (0..<count).flatMap { image in
      let inputs = zip(program.inputs, item.images).map { position, images in
        images.gathering([image], axis: 0).values.map { program.values[position].integer($0) }
      }
      return program.values(of: inputs)[program.outputs[0]].map { Float($0) }
    }
  }

  private static func outputs(_ item: Case) throws -> [Float] {
    let options = PlanOptions(batch: item.images[0].shape[0], mode: .inference)
    let plan = try ReferenceBackend().compile(item.graph, options)
    let tap = try plan.tap(item.graph.outputs[0])
    let images = item.images.flatMap(\.values)
    plan.forward(images.span, key: 0)
    var values = [Float](repeating: 0, count: tap.count)
    var span = values.mutableSpan
    plan.readTap(tap, into: &span)
    return values
  }
}
