import Tensors

/// A program for the host that runs an exported source on images from a file.
struct CHarness: Sendable {
  /// The exported network.
  let source: CSource

  private var plan: CPlan { source.plan }

  /// The program's text.
  ///
  /// It reads inputs from the file of its first argument, and writes the outputs of each to that of its
  /// second; compiled with `TRACE`, the outputs of every step.
  var program: [UInt8] {
    var writer = CWriter(name: source.name)
    writer.code(
      """
      #include "\(source.name).c"
      #include <stdio.h>

      int main(int argc, char **argv) {
        FILE *in = argc == 3 ? fopen(argv[1], "rb") : 0, *out = argc == 3 ? fopen(argv[2], "wb") : 0;
        if (!in || !out) return 2;
        while (fread(@_input(), sizeof(@_number), @@_INPUT_SIZE, in) == @@_INPUT_SIZE) {
      #if defined(TRACE)
      """)
    for (index, placed) in plan.steps.enumerated() {
      let value = placed.step.output
      writer.code("    @_step_\(index)();")
      writer.code(
        "    if (fwrite(\(plan.pointer(value)), sizeof(@_number), \(plan.network.values[value].shape.count), out) == 0) return 3;"
      )
    }
    writer.code(
      """
      #else
          if (fwrite(@_run(), sizeof(@_number), @@_OUTPUT_SIZE, out) != @@_OUTPUT_SIZE) return 3;
      #endif
        }
        return fclose(out) == 0 && !ferror(in) ? 0 : 3;
      }
      """)
    return writer.bytes
  }
}
