import Graphs
import Networks
import Settings
import Testing

@Suite("Variables of specs")
struct VariableTests {
  private static func spec(_ yaml: String) throws -> NetworkSpec {
    try NetworkSpec(
      SettingsNode(yaml: "input: [1, 28, 28]\nclasses: 10\n" + yaml, source: "x.yaml"), defaultName: "x")
  }

  private static let space = """
    variables: {filters: 4, kind: relu, depth: 1}
    layers:
      - stage:
          count: $depth
          of: [{conv: {filters: $filters, kernel: 3}}, $kind]
      - flatten
      - classifier
    """

  @Test("Networks of a spec are those that stand there with the values written out")
  func values() throws {
    func plain(_ filters: Int, _ kind: String, _ depth: Int) throws -> SettingsNode {
      let layers = """
        layers:
          - stage: {count: \(depth), of: [{conv: {filters: \(filters), kernel: 3}}, \(kind)]}
          - flatten
          - classifier
        """
      return try Self.spec(layers).build().structureNode
    }
    let spec = try Self.spec(Self.space)
    #expect(spec.variables.map(\.name) == ["filters", "kind", "depth"])
    #expect(try spec.build().structureNode == plain(4, "relu", 1))
    let options = NetworkOptions(variables: ["filters": 7.node, "kind": "relu6".node, "depth": 2.node])
    #expect(try spec.build(options: options).structureNode == plain(7, "relu6", 2))
  }

  @Test(
    "A variable that the spec does not have is refused with the nearest one, a value that no layer takes with its line"
  )
  func errors() throws {
    let spec = try Self.spec(Self.space)
    func message(_ variables: [String: SettingsNode]) -> String {
      do {
        _ = try spec.build(options: NetworkOptions(variables: variables))
        return "accepted"
      } catch {
        return "\(error)"
      }
    }
    #expect(message(["filter": 3.node]).contains("did you mean \"filters\"?"))
    #expect(message(["filters": "many".node]).contains("filters"))
    #expect(message(["kind": "rleu".node]).contains("not a layer"))
  }
}
