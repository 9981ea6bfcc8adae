import Foundation
import Settings

/// A network in Verilog, compiled by Verilator to a program for this machine, in its own temporary folder.
struct VerilatorRun {
  private let artifact: VerilogArtifact
  private let place: String
  private let verilator: HostCompiler

  /// Finds Verilator; throws if it is missing.
  static func tool() throws(ExportError) -> HostCompiler {
    guard let tool = HostCompiler(["verilator"]) else {
      throw .missingTool(
        format: VerilogExporter.name, tool: "verilator", hint: "apt-get install verilator g++ make")
    }
    return tool
  }

  /// The description of the run.
  var method: String { "made a program by \(verilator.path) and run here" }

  init(_ artifact: VerilogArtifact, verilator: HostCompiler) throws {
    self.artifact = artifact
    self.verilator = verilator
    place = ExportScratch.work()
    try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
    do {
      for file in artifact.sources + [artifact.harness] {
        try Data(file.bytes).write(to: URL(filePath: "\(place)/\(file.name)"))
      }
    } catch {
      remove()
      throw error
    }
  }

  /// Removes the folder.
  func remove() { try? FileManager.default.removeItem(atPath: place) }

  /// The outputs of images, one after another, and the clock cycles of each image.
  func outputs(of images: [[Int8]]) throws -> (outputs: [Int8], cycles: [Int]) {
    let bytes = images.joined().map(UInt8.init(bitPattern:))
    try Data(bytes).write(to: URL(filePath: place + "/in.bin"))
    _ = try HostCompiler.run(verilator.path, artifact.verilatorArguments, in: place)
    let text = try HostCompiler.run("\(place)/\(artifact.harnessProgram)", [], in: place)
    let outputs = [UInt8](try Data(contentsOf: URL(filePath: place + "/out.bin")))
    let cycles = text.split(separator: "\n").compactMap { Int($0) }
    guard outputs.count == images.count * artifact.outputCount, cycles.count == images.count else {
      throw ProgramFailure(
        program: "Vnetwork",
        text: "gave \(outputs.count) outputs of \(cycles.count) images, expected \(images.count) images")
    }
    return (outputs.map(Int8.init(bitPattern:)), cycles)
  }
}

extension VerilogArtifact {
  /// A program around the code that Verilator makes.
  ///
  /// It runs the images of `in.bin`, writes their outputs to `out.bin`, and prints the clock cycles of each
  /// image on a line.
  public var harness: ExportFile {
    ExportFile(name: "harness.cpp", summary: "runs images", bytes: Array(harnessText.utf8))
  }

  /// The path of the compiled program, relative to the folder in which Verilator runs.
  public var harnessProgram: String { "build/Vnetwork" }

  /// The arguments for Verilator, in a folder with the sources and the harness.
  public var verilatorArguments: [String] {
    [
      "--cc", "--exe", "--build", "-O3", "-Wno-fatal", "-Wno-lint", "-Wno-style", "--prefix", "Vnetwork",
      "--top-module",
      name, "-CFLAGS", "-O2", "-Mdir", "build", "\(name).v", harness.name,
    ]
  }

  private var harnessText: String {
    """
    #include "Vnetwork.h"
    #include "verilated.h"
    #include <cstdio>
    #include <vector>

    double sc_time_stamp() { return 0; }

    int main() {
      Vnetwork network;
      const int inputs = \(inputCount), outputs = \(outputCount);
      const long limit = 4L * \(cycles) + 1000;
      FILE *in = fopen("in.bin", "rb"), *out = fopen("out.bin", "wb");
      if (!in || !out) return 2;
      auto tick = [&] { network.clk = 1; network.eval(); network.clk = 0; network.eval(); };
      network.clk = 0;
      network.rst = 1;
      network.in_valid = 0;
      network.out_ready = 1;
      network.eval();
      for (int i = 0; i < 4; i++) tick();
      network.rst = 0;
      std::vector<unsigned char> image(inputs), result(outputs);
      while (fread(image.data(), 1, inputs, in) == (size_t)inputs) {
        long cycles = 0;
        int sent = 0, taken = 0, best = 0;
        while (taken < outputs) {
          if (cycles > limit) return 3;
          network.in_valid = sent < inputs;
          network.in_data = sent < inputs ? image[sent] : 0;
          network.eval();
          const bool gives = network.out_valid, takes = network.in_valid && network.in_ready;
          if (gives) {
            result[taken] = network.out_data;
            if ((signed char)result[taken] > (signed char)result[best]) best = taken;
            if ((network.out_last != 0) != (taken == outputs - 1)) return 4;
            if (network.out_last && network.out_class != best) return 5;
          }
          tick();
          cycles++;
          taken += gives;
          sent += takes;
        }
        printf("%ld\\n", cycles);
        if (fwrite(result.data(), 1, outputs, out) != (size_t)outputs) return 6;
      }
      return fclose(out) == 0 ? 0 : 7;
    }

    """
  }
}
