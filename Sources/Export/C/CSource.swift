import Execution
import Tensors

/// A network written as C: a header, a source and an example.
struct CSource: Sendable {
  /// The prefix of all names.
  var name: String { program.name }
  /// The header, the source, and the facts for callers.
  let program: CProgram
  /// The text of `main.c`.
  let example: [UInt8]
  /// The plan that was written.
  let plan: CPlan

  /// Writes a network.
  ///
  /// `pixels` converts pixels to an integer network's input. `room` is memory that may be traded for speed,
  /// in bytes.
  init(_ network: CNetwork, name: String, pixels: CPixels?, room: Int = 0) {
    let plan = CPlan(network, room: room)
    let parts = plan.steps.indices.map { plan.code($0) }
    let weightBytes = parts.reduce(0) { $0 + $1.arrays.reduce(0) { $0 + $1.byteCount } }
    self.plan = plan
    let summary = CSummary(
      plan: plan, name: name, weightBytes: weightBytes, hasPixels: pixels != nil,
      callsMathematics: parts.contains { $0.routines.contains { $0.name == CRoutine.mathematics.name } })
    example = summary.example
    program = CProgram(
      name: name, header: summary.header, source: CSource.source(plan, parts, summary, pixels),
      steps: plan.steps.map(\.step.node), number: plan.network.number,
      inputCount: plan.network.values[plan.network.input].shape.count,
      outputCount: plan.network.values[plan.network.output].shape.count, arenaBytes: plan.arenaBytes,
      weightBytes: weightBytes)
  }

  private static func source(
    _ plan: CPlan, _ parts: [CCode], _ summary: CSummary, _ pixels: CPixels?
  ) -> [UInt8] {
    var writer = CWriter(name: summary.name)
    summary.writeComment(to: &writer)
    writer.code("#include \"\(summary.name).h\"\n")
    let hasLargeRatios = parts.contains { $0.ratios.contains { $0.shift < 17 } }
    let isFullRange = parts.allSatisfy { $0.bounds.allSatisfy { $0 == -128...127 } }
    writer.code("#define @@_FULL_RANGE \(isFullRange ? 1 : 0)")
    writer.code("#define @@_LARGE_RATIOS \(hasLargeRatios ? 1 : 0)")
    writer.code("#define @@_SHIFTS_ALONE \(plan.rescalesByShifts ? 1 : 0)")
    writer.code("#define @@_SHORT_SUMS \(parts.allSatisfy(\.sumsAreShort) ? 1 : 0)\n")
    for routine in CRoutine.ordered([.prelude] + parts.flatMap(\.routines)) {
      writer.code(routine.text + "\n")
    }
    writer.code(
      "/* Right shifts of negative numbers must keep the sign: an error here says that this compiler's do not. */"
    )
    writer.code("typedef char @_shifts_keep_signs[(-1 >> 1) == -1 ? 1 : -1];\n")
    writer.code("/* All values, planned so that those that are needed at once lie apart. */")
    let count = plan.arenaBytes / plan.network.element.byteCount
    writer.code("static union { int32_t alignment; @_number numbers[\(count)]; } @_arena;\n")
    for (index, part) in parts.enumerated() {
      for array in part.arrays { writer.array(array) }
      writer.code("/* \(summary.title(of: index)) */")
      writer.code("static @@_NOINLINE void @_step_\(index)(void) {")
      for line in part.body { writer.code("  " + line) }
      writer.code("}\n")
    }
    if let pixels {
      pixels.write(to: &writer)
      writer.code("")
    }
    writer.code("@_number *@_input(void) { return \(plan.pointer(plan.network.input)); }\n")
    writer.code("const @_number *@_run(void) {")
    for index in parts.indices { writer.code("  @_step_\(index)();") }
    writer.code("  return \(plan.pointer(plan.network.output));")
    writer.code("}")
    if plan.network.detections != nil {
      writer.code(
        """

        int @_detections(const @_detection **found) {
          const @_number *answer = @_run();
          *found = (const @_detection *)(const void *)(answer + 4);
          return *(const uint16_t *)(const void *)answer;
        }
        """)
    }
    return writer.bytes
  }
}

extension CPlan {
  /// An expression of a pointer to a value.
  func pointer(_ value: Int) -> String {
    "@_arena.numbers + \(offsets[value] / network.element.byteCount)"
  }

  /// The code of a step.
  func code(_ index: Int) -> CCode {
    let (step, scratch) = (steps[index].step, steps[index].scratch)
    let size = network.element.byteCount
    let site = CSite(
      index: index, inputs: step.inputs.map(pointer), output: pointer(step.output),
      scratch: ("@_arena.numbers + \(scratch.offset / size)", scratch.byteCount / size),
      orders: step.inputs.map { orders[$0] }, shapes: step.inputs.map { network.values[$0].shape },
      shape: network.values[step.output].shape, rescalesByShifts: rescalesByShifts)
    return step.kernel.code(site)
  }
}
