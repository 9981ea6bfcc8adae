import Settings
public import Targets

/// All simulators by name. A value and no `Catalogue`: tests hand in simulators of their own.
public struct SimulatorCatalogue: Sendable {
  private let types: [any Simulator.Type]

  /// Makes a catalogue.
  public init(_ types: [any Simulator.Type]) { self.types = types }

  /// One more simulator is one line here.
  public static let standard = SimulatorCatalogue([
    SimavrSimulator.self, QEMUSimulator.self, QEMUUserSimulator.self,
  ])

  /// The names, in order.
  public var kinds: [String] { types.map { $0.kind } }

  /// The simulator of a profile; `nil` for profiles without one. Throws for unknown names and settings.
  public func simulator(of profile: TargetProfile) throws -> (any Simulator)? {
    guard let choice = profile.simulator else { return nil }
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
}

extension TargetProfile {
  /// Refuses a profile whose simulator is not known, or does not take the settings that the profile gives it.
  public func requireSimulator(in catalogue: SimulatorCatalogue = .standard) throws(TargetError) {
    do {
      _ = try catalogue.simulator(of: self)
    } catch {
      throw .simulator(reason: "\(error)")
    }
  }
}
