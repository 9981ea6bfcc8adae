import Execution
import Graphs
import Ops

extension IntegerMaxPool: CKernel {
  var title: String { "max pooling \(kernel), stride \(stride)" }

  func code(_ site: CSite) -> CCode {
    let window = CWindow(
      input: input, output: output, kernel: kernel, stride: stride, padding: padding, dilation: 1)
    return CCode(
      routines: [.prelude, .maxPool],
      body: [
        "@@_SETTINGS(@_window, window) = \(window.initializer); @@_READ_SETTINGS(@_window, window);",
        "@_max_pool(&window, \(site.output), \(site.inputs[0]));",
      ])
  }
}
