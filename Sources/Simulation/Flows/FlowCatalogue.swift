/// All flows; `SimulatorCatalogue` finds them by name, as profiles name a simulator or a flow under
/// `simulator:`.
enum FlowCatalogue {
  /// All flows; one more is one line here.
  static let all: [any DeviceFlow.Type] = [IceFlow.self, XilinxFlow.self, VelaFlow.self]
}
