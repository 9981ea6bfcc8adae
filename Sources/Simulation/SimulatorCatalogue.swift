import Settings
public import Targets

/// All simulators and flows by name.
///
/// It is a value and not a `Catalogue`, so that tests can pass their own simulators.
public struct SimulatorCatalogue: Sendable {
  private let types: [any Simulator.Type]
  private let flows: [any DeviceFlow.Type]

  /// Makes a catalogue of simulators and flows.
  public init(_ types: [any Simulator.Type], flows: [any DeviceFlow.Type] = []) {
    self.types = types
    self.flows = flows
  }

  /// The simulators and flows of Condense; one more simulator is one line here.
  public static let standard = SimulatorCatalogue(
    [SimavrSimulator.self, QEMUSimulator.self, QEMUUserSimulator.self],
    flows: FlowCatalogue.all)

  /// The names of simulators, then those of flows.
  public var kinds: [String] { types.map { $0.kind } + flows.map { $0.kind } }

  /// The flow of a profile; `nil` for profiles without one; throws for settings that it does not take.
  public func flow(of profile: TargetProfile) throws -> (any DeviceFlow)? {
    guard let choice = profile.simulator, let type = flows.first(where: { $0.kind == choice.kind }) else {
      return nil
    }
    return try Self.read(type, choice.settings)
  }

  /// The programs that a profile's simulator or flow needs; none for a profile that is only estimated.
  public func tools(of profile: TargetProfile) throws -> [ExternalTool] {
    if let flow = try flow(of: profile) { return flow.tools }
    return try simulator(of: profile)?.tools ?? []
  }

  /// The simulator of a profile; `nil` for profiles without one, or with a flow; throws for unknown names and
  /// settings.
  public func simulator(of profile: TargetProfile) throws -> (any Simulator)? {
    guard let choice = profile.simulator, !flows.contains(where: { $0.kind == choice.kind }) else {
      return nil
    }
    guard let type = types.first(where: { $0.kind == choice.kind }) else {
      throw SimulationError.unknownSimulator(
        choice.settings.mark, kind: choice.kind, suggestion: Spelling.nearest(to: choice.kind, among: kinds),
        known: kinds)
    }
    return try Self.read(type, choice.settings)
  }

  private static func read<S: Simulator>(
    _ type: S.Type, _ node: SettingsNode
  ) throws(SettingsError) -> any Simulator {
    try S(from: node, owner: "the simulator \(S.kind)")
  }

  private static func read<F: DeviceFlow>(
    _ type: F.Type, _ node: SettingsNode
  ) throws(SettingsError) -> any DeviceFlow {
    try F(from: node, owner: "the flow \(F.kind)")
  }
}

extension TargetProfile {
  /// Throws `TargetError.simulator` for a profile whose simulator is unknown or refuses its settings.
  public func requireSimulator(in catalogue: SimulatorCatalogue = .standard) throws(TargetError) {
    do {
      _ = try catalogue.tools(of: self)
    } catch {
      throw .simulator(reason: "\(error)")
    }
  }
}
