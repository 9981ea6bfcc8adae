public import Settings
public import Tensors

/// A random change of a training sample that keeps what it shows.
///
/// The draws come from a stream keyed by (seed, augmentation, epoch, index), so a sample's view in an epoch is the
/// same with any number of loader threads and after any restart. An augmentation is one file in `Augmentations/`
/// and one line in `AugmentationCatalogue`.
public protocol Augmentation: Configurable, Sendable {
  /// The name in recipes: lower case, hyphens, never renamed.
  static var name: String { get }
  /// One line for `condense list`.
  static var summary: String { get }
  /// The settings under which nothing changes.
  static var identity: Self { get }
  /// Whether it turns left into right or otherwise leaves what a digit or a letter means behind.
  static var keepsOrientation: Bool { get }

  /// Changes one sample in place; its size, its channels and its annotation's class stay; boxes
  /// move with what they are around.
  func apply(to sample: inout Sample, random: inout SeededRandom)

  /// The share that image `i` keeps when it is blended with its partner, image `count - 1 - i` of the batch;
  /// `nil` for an augmentation that looks at one image at a time.
  ///
  /// Drawn once a pair from a stream keyed by (seed, augmentation, epoch, step).
  func share(random: inout SeededRandom) -> Float?
}

extension Augmentation {
  /// Most augmentations keep sides apart.
  public static var keepsOrientation: Bool { true }
  /// Changes one sample in place.
  public func apply(to sample: inout Sample, random: inout SeededRandom) {}
  /// The share that an image keeps of itself.
  public func share(random: inout SeededRandom) -> Float? { nil }
}

/// Every augmentation, and how a list of them is read and written.
public enum AugmentationCatalogue {
  /// The types, in the order in which they are documented.
  public static let all: [any Augmentation.Type] = [
    PadAndCrop.self, Flip.self, ShiftRotateScale.self, Cutout.self, ColorJitter.self, Mixup.self,
  ]

  /// Every name.
  public static var names: [String] { all.map { $0.name } }

  /// Reads a list such as `[pad-and-crop, {flip: {probability: 0.3}}]`; they are applied in its order.
  public static func read(_ node: SettingsNode, key: String = "augmentations") throws(SettingsError)
    -> [any Augmentation]
  {
    if node.content == .null { return [] }
    var list: [any Augmentation] = []
    for item in try node.list(key, allowingSingle: true) {
      let one = try readOne(item, key: key)
      let name = type(of: one).name
      // Draws are keyed by name: a second one would repeat the first's, and two flips undo each other.
      guard !list.contains(where: { type(of: $0).name == name }) else {
        throw .duplicateKey(item.mark, key: name)
      }
      list.append(one)
    }
    return list
  }

  /// The list as it is read, settings filled in.
  public static func write(_ augmentations: [any Augmentation]) -> SettingsNode {
    SettingsNode(.list(augmentations.map { SettingsNode(mapping: [type(of: $0).name: $0.node]) }))
  }

  private static func readOne(_ node: SettingsNode, key: String) throws(SettingsError) -> any Augmentation {
    let name: String
    let settings: SettingsNode
    switch node.content {
    case .string(let text):
      name = text
      settings = SettingsNode(.mapping([]), mark: node.mark)
    case .mapping(let entries) where entries.count == 1:
      name = entries[0].key
      settings = entries[0].value
    default:
      throw .wrongType(
        node.mark, key: key, expected: "names, or one name with its settings each",
        found: node.kindDescription)
    }
    guard let type = all.first(where: { $0.name == name }) else {
      throw .unknownKey(
        node.mark, key: name, owner: key, suggestion: Spelling.nearest(to: name, among: names), known: names)
    }
    return try type.init(from: settings, owner: name)
  }
}
