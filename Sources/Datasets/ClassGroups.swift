public import Settings

/// A mapping of new classes to the class folders of a data set that they merge.
///
/// Each class folder of the data belongs to exactly one group, so that no image is lost or counted twice.
public struct ClassGroups: SettingValue, Sendable, Equatable {
  /// The form that error messages ask for.
  public static let expectation = "a mapping of two or more names to lists of class folders"

  /// A class that merges one or more class folders.
  public struct Group: Sendable, Equatable {
    /// The name of the class.
    public let name: String
    /// The class folders that it merges, sorted.
    public let members: [String]

    /// Makes a group.
    public init(name: String, members: [String]) {
      self.name = name
      self.members = members
    }
  }

  /// The groups in the order of their labels, sorted by the bytes of their names.
  public let groups: [Group]

  /// Reads a mapping of group names to lists of class folders.
  ///
  /// Throws `SettingsError` for fewer than two groups, an empty group, an empty name, a name with a control
  /// character, and a folder that is listed twice.
  public init(reading node: SettingsNode, key: String) throws(SettingsError) {
    var groups: [Group] = []
    var seen: [String: String] = [:]
    for entry in try node.mapping(key) {
      let members = try [String](reading: entry.value, key: entry.key)
      guard !members.isEmpty, !entry.key.isEmpty, !entry.key[...].holdsControlCharacter else {
        throw .wrongType(
          entry.mark, key: key, expected: Self.expectation, found: entry.value.kindDescription)
      }
      for member in members {
        if let other = seen.updateValue(entry.key, forKey: member) {
          throw .invalid(
            entry.mark, key: entry.key, reason: "\"\(member)\" is in \"\(other)\" already; name it once")
        }
      }
      groups.append(Group(name: entry.key, members: members.sorted()))
    }
    guard groups.count > 1 else {
      throw .wrongType(node.mark, key: key, expected: Self.expectation, found: "\(groups.count)")
    }
    self.groups = groups.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
  }

  /// The mapping of group names to sorted lists of folders.
  public var node: SettingsNode {
    SettingsNode(
      .mapping(
        groups.map {
          SettingsNode.Entry(key: $0.name, mark: SettingsMark(source: "groups"), value: $0.members.node)
        }))
  }

  /// Returns the index of the group of each class of the data.
  ///
  /// Throws `DatasetError` for a class without a group and for a member that is no class.
  func labels(of classes: [String], path: String) throws(DatasetError) -> [Int] {
    for group in groups {
      for member in group.members where !classes.contains(member) {
        throw .unknownMember(
          path: path, group: group.name, name: member,
          suggestion: Spelling.nearest(to: member, among: classes), known: classes)
      }
    }
    var labels: [Int] = []
    for name in classes {
      guard let label = groups.firstIndex(where: { $0.members.contains(name) }) else {
        throw .ungrouped(path: path, name: name, groups: groups.map(\.name))
      }
      labels.append(label)
    }
    return labels
  }
}
