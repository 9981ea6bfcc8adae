import Foundation
import Methods
import Settings

extension RecipeStudent {
  /// One of the students that a description with lists expands to.
  struct Variant {
    var node: SettingsNode
    var suffix = ""
  }

  /// Every combination of the values in lists: of a method's settings, `epochs`, `width` and the network's
  /// variables.
  static func variants(of student: SettingsNode) throws(SettingsError) -> [Variant] {
    var variants = [Variant(node: SettingsNode(.mapping([]), mark: student.mark))]
    for entry in try student.mapping("a student") {
      let options: [Variant] =
        switch (entry.key, entry.value.content) {
        case ("width", _): values(of: entry.value)
        case ("variables", _): mappingVariants(entry.value)
        case ("pipeline", .list(let stages)): combined(stages.map(stageVariants), mark: entry.value.mark)
        default: [Variant(node: entry.value)]
        }
      variants = product(variants, options) { mapping, value in
        mapping.adding(SettingsNode.Entry(key: entry.key, mark: entry.mark, value: value))
      }
    }
    return variants
  }

  private static func stageVariants(_ stage: SettingsNode) -> [Variant] {
    guard case .mapping(let entries) = stage.content else { return [Variant(node: stage)] }
    var variants = [Variant(node: SettingsNode(.mapping([]), mark: stage.mark))]
    for entry in entries {
      let options: [Variant] =
        switch entry.key {
        case "objective", "training", "overrides", "train", LayerSets.key: [Variant(node: entry.value)]
        case "epochs": values(of: entry.value)
        default: settingVariants(entry.value, of: entry.key)
        }
      variants = product(variants, options) { mapping, value in
        mapping.adding(SettingsNode.Entry(key: entry.key, mark: entry.mark, value: value))
      }
    }
    return variants
  }

  /// The variants of a method's settings; for a setting that takes a list, a list is one value.
  private static func settingVariants(_ settings: SettingsNode, of method: String) -> [Variant] {
    guard case .mapping(let entries) = settings.content else { return [Variant(node: settings)] }
    var variants = [Variant(node: SettingsNode(.mapping([]), mark: settings.mark))]
    let lists = MethodCatalogue.type(named: method).map { listSettings(of: $0) } ?? []
    for entry in entries {
      let isOne = lists.contains(entry.key) && !entry.value.isListOfLists
      let options = isOne ? [Variant(node: entry.value)] : values(of: entry.value)
      variants = product(variants, options) { mapping, value in
        mapping.adding(SettingsNode.Entry(key: entry.key, mark: entry.mark, value: value))
      }
    }
    return variants
  }

  /// The variants of a mapping whose values may be lists.
  private static func mappingVariants(_ mapping: SettingsNode) -> [Variant] {
    guard case .mapping(let entries) = mapping.content else { return [Variant(node: mapping)] }
    var variants = [Variant(node: SettingsNode(.mapping([]), mark: mapping.mark))]
    for entry in entries {
      variants = product(variants, values(of: entry.value)) { mapping, value in
        mapping.adding(SettingsNode.Entry(key: entry.key, mark: entry.mark, value: value))
      }
    }
    return variants
  }

  /// The names of a method's settings that take a list.
  private static func listSettings<M: CompressionMethod>(of type: M.Type) -> Set<String> {
    Set(
      M.settings.filter { setting in
        if case .list = setting.initial.content { true } else { false }
      }.map(\.name))
  }

  /// The items of a list, with their texts as suffixes; a single value without a suffix.
  private static func values(of node: SettingsNode) -> [Variant] {
    guard case .list(let items) = node.content else { return [Variant(node: node)] }
    return items.map { item in
      var text = item.canonicalJSON
      if case .string(let word) = item.content { text = word }
      return Variant(node: item, suffix: "-" + text)
    }
  }

  private static func combined(_ lists: [[Variant]], mark: SettingsMark) -> [Variant] {
    var result = [Variant(node: SettingsNode(.list([]), mark: mark))]
    for options in lists {
      result = product(result, options) { list, item in
        guard case .list(let items) = list.content else { return list }
        return SettingsNode(.list(items + [item]), mark: list.mark)
      }
    }
    return result
  }

  /// Every pair of two lists, joined; cut off beyond the limit, which the reader then reports.
  private static func product(
    _ first: [Variant], _ second: [Variant], _ join: (SettingsNode, SettingsNode) -> SettingsNode
  ) -> [Variant] {
    var result: [Variant] = []
    for a in first {
      for b in second {
        guard result.count <= Recipe.maximumStudents else { return result }
        result.append(Variant(node: join(a.node, b.node), suffix: a.suffix + b.suffix))
      }
    }
    return result
  }
}

extension SettingsNode {
  fileprivate func adding(_ entry: Entry) -> SettingsNode {
    guard case .mapping(let entries) = content else { return self }
    return SettingsNode(.mapping(entries + [entry]), mark: mark)
  }
}

extension SettingsNode {
  /// True for a non-empty list of lists.
  fileprivate var isListOfLists: Bool {
    guard case .list(let items) = content else { return false }
    return !items.isEmpty
      && items.allSatisfy { item in
        if case .list = item.content { true } else { false }
      }
  }
}
