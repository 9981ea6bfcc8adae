import Foundation
import Methods
import Settings
import Testing

@testable import condense

@Suite("condense explain and list methods")
struct ExplainTests {
  @Test(
    "Every method's text names every setting, its range and its default, and fits", arguments: [60, 80, 120])
  func everySetting(width: Int) {
    for type in MethodCatalogue.all {
      let lines = Explanation(type).lines(width: width)
      #expect(lines.allSatisfy { $0.count <= width })
      let text = lines.joined(separator: "\n")
      #expect(text.hasPrefix("\(type.name) (\(type.family.rawValue)): "))
      for setting in settings(of: type) {
        #expect(text.contains("\n  \(setting):"), "\(type.name): \(setting)")
      }
    }
  }

  @Test("Every criterion's text names every setting and fits", arguments: [60, 80, 120])
  func everyCriterion(width: Int) {
    for type in SaliencyCatalogue.all {
      let lines = Explanation(type).lines(width: width)
      #expect(lines.allSatisfy { $0.count <= width })
      let text = lines.joined(separator: "\n")
      #expect(text.hasPrefix("\(type.name) (criterion): "))
      for setting in settings(of: type) {
        #expect(text.contains("\n  \(setting):"), "\(type.name): \(setting)")
      }
    }
  }

  private func settings<C: Configurable>(of type: C.Type) -> [String] { type.settings.map(\.name) }

  @Test("Ranges and defaults are those of the settings")
  func ranges() {
    let text = Explanation(MagnitudePruning.self).lines(width: 200).joined(separator: "\n")
    #expect(
      text.contains(
        """
          sparsity: a number in 0.0...0.999; default 0.8
              share of weights that is pruned at the end
          scope: one of global, layer, erdos-renyi-kernel, sensitivity, or one with its settings; default global
        """))
    #expect(text.contains("threshold: a number in 0.0...10.0, or null; default null"))
    #expect(text.contains("arXiv:1506.02626"))
    // Written recipes omit this setting if it has its default; the explanation must still show it.
    let training = Explanation(QuantizationAwareTraining.self).lines(width: 200).joined(separator: "\n")
    #expect(training.contains("refits: an integer in 0...1000; default 0"))
  }

  @Test("Pages of Markdown hold every name, formula and setting, and the contents link all of them")
  func pages() throws {
    let tool = try Tool()
    let folder = tool.folder + "/pages"
    let told = try tool.run("explain", "--markdown", folder)
    #expect(told.status == 0 && told.output.contains("pages and methods.md"), "\(told.errors)")
    let contents = try String(contentsOfFile: folder + "/methods.md", encoding: .utf8)
    for type in MethodCatalogue.all {
      let page = try String(contentsOfFile: folder + "/\(type.name).md", encoding: .utf8)
      #expect(contents.contains("[\(type.name)](\(type.name).md)"))
      #expect(page.contains(type.documentation.formula) && page.contains(type.documentation.paper))
      for setting in settings(of: type) { #expect(page.contains("\n| `\(setting)` |"), "\(type.name)") }
    }
    // Two things bear this name.
    let both = try String(contentsOfFile: folder + "/l1.md", encoding: .utf8)
    #expect(both.contains("## l1 (criterion)") && both.contains("## l1 (penalty)"))
    #expect(try tool.run("explain").status == 64)
    #expect(try tool.run("explain", "l1", "--markdown", folder).status == 64)
  }

  @Test("The tool explains and lists methods as text and as JSON, and helps with names")
  func tool() throws {
    let tool = try Tool()
    let text = try tool.run("explain", "channel-pruning")
    #expect(text.status == 0 && text.output.contains("criterion: one of magnitude, l1, taylor,"))
    #expect(text.output.contains("default l1"))
    let json = try tool.run("explain", "channel-pruning", "--json").json
    #expect(json["schema"] == 1.node && json["family"] == "pruning".node)
    let names = try json.required("settings", of: "explain").list("settings").map { $0["name"] }
    #expect(names.contains("minimum".node) && names.count == ChannelPruning.settings.count)
    let listed = try tool.run("list", "methods", "--json").json.required("methods", of: "list").list(
      "methods")
    #expect(listed.map { $0["name"] } == MethodCatalogue.names.map(\.node))
    let criterion = try tool.run("explain", "norm-scale")
    #expect(criterion.status == 0 && criterion.output.contains("arXiv:1708.06519"))
    #expect(criterion.output.contains("Scores\n  channel\n"))
    let taylor = try tool.run("explain", "taylor", "--json").json
    #expect(taylor["family"] == "criterion".node && taylor["revision"] == nil)
    #expect(try taylor.required("scores", of: "explain").list("scores").count == UnitKind.allCases.count)
    let criteria = try tool.run("list", "criteria", "--json").json.required("criteria", of: "list").list(
      "criteria")
    #expect(criteria.map { $0["name"] } == SaliencyCatalogue.all.map { $0.name.node })
    let objective = try tool.run("explain", "soft-targets")
    #expect(
      objective.status == 0 && objective.output.contains("soft-targets (objective): match the teacher's"))
    #expect(objective.output.contains("temperature: a number") && objective.output.contains("default 4"))
    // Several kinds share one name.
    let l1 = try tool.run("explain", "l1")
    #expect(l1.output.contains("l1 (criterion): ") && l1.output.contains("\nl1 (penalty): "))
    let both = try tool.run("explain", "l1", "--json").json
    let others = try both.required("others", of: "explain").list("others")
    #expect(both["family"] == "criterion".node && others.map { $0["family"] } == ["penalty".node])
    let wrong = try tool.run("explain", "chanel-pruning")
    #expect(wrong.status == 64 && wrong.errors.contains("did you mean \"channel-pruning\"?"))
  }
}
