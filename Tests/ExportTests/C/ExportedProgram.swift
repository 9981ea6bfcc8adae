import Execution
import Foundation
import Tensors

@testable import Export

/// Integer programs as C, compiled together on this machine.
struct ExportedPrograms {
  /// The strict flags with which all exported sources must compile.
  static let strict = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
  /// The strict flags with traps for undefined behaviour and accesses out of bounds.
  static let sanitized = strict + ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

  let programs: [IntegerProgram]
  let sources: [CSource]
  let folder: String

  init(
    _ programs: [IntegerProgram], name: String = "network", room: Int = 0, sparse: CSparse = .auto,
    huffman: Bool = false
  ) throws {
    self.programs = programs
    sources = try programs.enumerated().map { index, program in
      CSource(
        try CNetwork(program, CStorage(sparse: sparse, huffman: huffman)),
        name: index == 0 ? name : "\(name)\(index)", pixels: nil,
        room: room)
    }
    folder = NSTemporaryDirectory() + "condense-c-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for source in sources {
      try Data(source.program.header).write(to: URL(filePath: "\(folder)/\(source.name).h"))
      try Data(source.program.source).write(to: URL(filePath: "\(folder)/\(source.name).c"))
    }
    try Data(sources[0].example).write(to: URL(filePath: "\(folder)/main.c"))
  }

  func remove() { try? FileManager.default.removeItem(atPath: folder) }

  /// A main program that runs the networks one after another, each on this number of inputs.
  private func harness(inputs: Int) -> String {
    let includes = sources.map { "#include \"\($0.name).c\"\n" }.joined() + "#include <stdio.h>\n"
    let runs = sources.map { source in
      let (name, upper) = (source.name, source.name.uppercased())
      return """
          for (i = 0; i < \(inputs); i++) {
            if (fread(\(name)_input(), 1, \(upper)_INPUT_SIZE, in) != \(upper)_INPUT_SIZE) return 3;
            if (fwrite(\(name)_run(), 1, \(upper)_OUTPUT_SIZE, out) != \(upper)_OUTPUT_SIZE) return 4;
          }

        """
    }.joined()
    return """
      \(includes)
      int main(int argc, char **argv) {
        FILE *in = argc == 3 ? fopen(argv[1], "rb") : 0, *out = argc == 3 ? fopen(argv[2], "wb") : 0;
        int i;
        if (!in || !out) return 2;
      \(runs)
        return fclose(out);
      }

      """
  }

  /// The outputs of each program, in the network's order of elements, like the inputs; each has the same
  /// number of inputs.
  func outputs(_ inputs: [[[Int8]]], flags: [String] = sanitized) throws -> [[[Int8]]] {
    guard let compiler = HostCompiler() else { return [] }
    try Data(harness(inputs: inputs[0].count).utf8).write(to: URL(filePath: "\(folder)/harness.c"))
    let bytes = zip(programs, inputs).flatMap { program, images in
      images.flatMap {
        COrder(program.values[program.inputs[0]].shape).arranged($0).map(UInt8.init(bitPattern:))
      }
    }
    try Data(bytes).write(to: URL(filePath: "\(folder)/in.bin"))
    try compiler.compile("\(folder)/harness.c", to: "\(folder)/harness", flags: flags)
    _ = try HostCompiler.run("\(folder)/harness", ["\(folder)/in.bin", "\(folder)/out.bin"])
    var found = [UInt8](try Data(contentsOf: URL(filePath: "\(folder)/out.bin"))).map(Int8.init(bitPattern:))[
      ...]
    return zip(programs, inputs).map { program, images in
      let shape = program.values[program.outputs[0]].shape
      let elements = COrder(shape).elements(shape.count)
      return images.map { _ in
        var output = [Int8](repeating: 0, count: shape.count)
        for (value, element) in zip(found.prefix(shape.count), elements) { output[element] = value }
        found = found.dropFirst(shape.count)
        return output
      }
    }
  }

  /// The outputs of the reference kernels.
  func expected(_ inputs: [[[Int8]]]) -> [[[Int8]]] {
    zip(programs, inputs).map { program, images in images.map { program.values(of: [$0])[program.outputs[0]] }
    }
  }
}
