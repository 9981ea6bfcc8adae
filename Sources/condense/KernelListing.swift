import DNNL
import Execution
import Graphs
import Integers
import Reports
import Settings

/// The kernel of each call in a graph's plans, in the order of a step; it helps to find slow paths.
struct KernelListing {
  /// The calls of one plan.
  struct Section {
    let mode: ExecutionMode
    /// The arithmetic: `float` or `integer`.
    let arithmetic: String
    let kernels: [KernelDescription]
  }

  let options: PlanOptions
  let instructionSet: String
  let sections: [Section]

  /// Compiles the training and the inference plan of a graph, and the integer plan if it has one.
  ///
  /// Missing parameters are set at random.
  init(of graph: Graph, batch: Int, precision: Precision, threads: Int) throws(ExecutionError) {
    let backend = DNNLBackend()
    guard backend.supports(precision) else {
      throw .unsupported(
        node: "--precision", reason: "this machine does not compute in \(precision.rawValue)")
    }
    var initialized = graph
    initialized.initializeParameters(seed: 0)
    for (name, parameter) in graph.parameters { initialized.parameters[name] = parameter }
    var options = PlanOptions(batch: batch, mode: .training, precision: precision, threads: threads)
    self.options = options
    instructionSet = backend.instructionSet
    var sections: [Section] = []
    for mode in [ExecutionMode.training, .inference] {
      options.mode = mode
      let kernels = try backend.compile(initialized, options).kernels
      sections.append(Section(mode: mode, arithmetic: "float", kernels: kernels))
    }
    let arithmetic = InferenceArithmetic(of: initialized, floats: backend)
    if arithmetic.name == "integer" {
      options.precision = .f32
      let kernels = try arithmetic.backend.compile(initialized, options).kernels
      sections.append(Section(mode: .inference, arithmetic: arithmetic.name, kernels: kernels))
    }
    self.sections = sections
  }

  /// One table for each plan.
  func text(width: Int) -> String {
    var lines: [String] = []
    for section in sections {
      var table = TextTable(columns: [
        TextTable.Column("node", shrinksTo: 12), TextTable.Column("pass"),
        TextTable.Column("kernel", shrinksTo: 16),
      ])
      table.rows = section.kernels.map { [$0.node, $0.pass, $0.implementation] }
      lines.append(
        "\(section.mode.rawValue), batch \(options.batch), \(words(of: section)), threads "
          + "\(options.threads), \(instructionSet)")
      lines += table.lines(width: width) + [""]
    }
    return lines.dropLast().joined(separator: "\n")
  }

  private func words(of section: Section) -> String {
    section.arithmetic == "integer" ? "integers" : options.precision.rawValue
  }

  /// The listing as JSON, schema 1.
  var node: SettingsNode {
    let plans = sections.map { section in
      SettingsNode(mapping: [
        "mode": section.mode.rawValue.node, "arithmetic": section.arithmetic.node,
        "kernels": SettingsNode(
          .list(
            section.kernels.map {
              SettingsNode(mapping: [
                "node": $0.node.node, "pass": $0.pass.node, "implementation": $0.implementation.node,
              ])
            })),
      ])
    }
    return SettingsNode(mapping: [
      "schema": 1.node, "batch": options.batch.node, "precision": options.precision.rawValue.node,
      "threads": options.threads.node, "instructionSet": instructionSet.node,
      "plans": SettingsNode(.list(plans)),
    ])
  }
}
