import Execution
import Graphs
import Tensors

extension IntegerTable: CElementwise {
  var title: String { "table" }

  func code(_ site: CSite) -> CCode {
    let array = CArray(site.name("table"), .int8, table)
    return CCode(
      arrays: [array], routines: [.prelude],
      body: [
        "const int8_t *x = \(site.inputs[0]);",
        "int8_t *y = \(site.output);",
        "int i;",
        "for (i = 0; i < \(site.shape.count); i++) y[i] = @@_BYTE(\(array.name) + (x[i] + 128));",
      ])
  }
}
