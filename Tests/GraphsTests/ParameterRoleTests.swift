import Graphs
import Ops
import Testing

@Suite("Roles of parameters")
struct ParameterRoleTests {
  @Test("Names in files are a node's and a role's, whatever dots the node's has")
  func names() {
    #expect(ParameterRole.weight.name(of: "stage1.conv") == "stage1.conv.weight")
    #expect(
      ParameterRole.allCases.map(\.rawValue) == [
        "weight", "bias", "scale", "shift", "mean", "variance", "step", "prototypes",
      ])
    for role in ParameterRole.allCases {
      let parts = ParameterRole.split(role.name(of: "a.b"))
      #expect(parts?.node == "a.b" && parts?.role == role)
    }
    for name in ["weight", "conv.", "conv.kernel", ""] {
      #expect(ParameterRole.split(name) == nil, "\(name)")
    }
  }

  @Test("Every role is one of some op's, and an op has each at most once")
  func roles() {
    var found: Set<ParameterRole> = []
    func collect<O: Op>(_ type: O.Type) {
      for example in O.examples {
        let roles = example.op.parameters(example.inputs).map(\.role)
        #expect(Set(roles).count == roles.count, "\(O.kind)")
        found.formUnion(roles)
      }
    }
    for type in OpCatalogue.trained.types { collect(type) }
    #expect(found == Set(ParameterRole.allCases))
  }
}
