/// All flows. `SimulatorCatalogue` finds them by name: profiles name either under `simulator:`.
enum FlowCatalogue {
  /// One more flow is one line here.
  static let all: [any DeviceFlow.Type] = [IceFlow.self, XilinxFlow.self, VelaFlow.self]
}
