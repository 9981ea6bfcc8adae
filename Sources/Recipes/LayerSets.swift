import Graphs
import Methods
import Settings
import Training

/// A stage of a recipe that stands for several: the multi-layer framework, which takes channels from one set of layers after the
/// other.
///
/// The order of removal is the list of sets, so a detector's is written as a classifier's.
///
/// A set is two stages: a training whose loss has an L1 penalty on the weights of the set, and `channel-pruning` by the criterion
/// `zero-share` in the layers of the set alone, with a training without the penalty to recover in.
///
/// **Paper** Singh, Kadi, Iyer, Sheet, Namboodiri, "Multi-layer pruning framework for compressing single shot multibox detector", WACV
/// 2019, arXiv:1811.08342.
struct LayerSets {
  /// The key of a stage.
  static let key = "layer-sets"
  private static let sets = "sets"

  /// The layers that lose channels together, under one threshold, and how.
  private struct LayerSet: Configurable {
    var layers: [String] = []
    var penalized: [String] = []
    var penalty = 1e-4
    var rise = 0.05
    var sparsity = 0.0
    var below = 0.1
    var minimum = 1
    var images = 1024
    var induction = 10
    var recovery = 10

    static var settings: [Setting<Self>] {
      [
        patterns("layers", \.layers, required: true, "the layers that lose channels"),
        patterns(
          "penalized", \.penalized, required: false,
          "the layers whose weights the penalty is on; those that lose channels if the list is empty"),
        Setting("penalty", \.penalty, in: 0...1e6, "the factor of the L1 penalty"),
        Setting(
          "rise", \.rise, in: 0...100,
          "what the mean loss may rise by when all weights of the set below its threshold are zero"),
        Setting("sparsity", \.sparsity, in: 0...0.999, "the share of the set's channels that goes at least"),
        Setting(
          "below", \.below, in: 0...1,
          "channels that score less than this share of the largest of their layer go too"),
        Setting("minimum", \.minimum, in: 1...4096, "channels that every layer keeps"),
        Setting("images", \.images, in: 1...1_000_000, "training images on which the loss is measured"),
        Setting("induction", \.induction, in: 1...100_000, "passes with the penalty"),
        Setting("recovery", \.recovery, in: 0...100_000, "passes after channels went, without it"),
      ]
    }

    /// Layers by names or globs; a set's layers are all that a method acts on, and a kind is never all of these.
    private static func patterns(
      _ name: String, _ path: WritableKeyPath<Self, [String]>, required: Bool, _ summary: String
    ) -> Setting<Self> {
      Setting(
        name, path, required: required, expected: "names or globs of layers (conv*), no kinds", summary
      ) { list in
        (!required || !list.isEmpty) && list.allSatisfy { !$0.isEmpty && LayerPattern($0).precedence > 0 }
      }
    }
  }

  /// The stages that an item of a pipeline stands for: itself, where it is no list of sets.
  static func stages(of item: SettingsNode) throws(SettingsError) -> [SettingsNode] {
    guard let node = item[key] else { return [item] }
    try item.requireKeys([key, "objective", "training"], of: "a stage of \(key)")
    let shared = try node.mapping(key).filter { $0.key != sets }
    let list = try node.required(sets, of: key).list(sets)
    guard !list.isEmpty else {
      throw .invalid(
        node.mark, key: sets, reason: "the list is empty; give the layers in the order of removal")
    }
    if let given = item["training"]?["penalties"] {
      throw .invalid(given.mark, key: "penalties", reason: "are what \"penalty\" of \(key) says")
    }
    var stages: [SettingsNode] = []
    for set in list {
      let set = try LayerSet(from: merged(set, with: shared), owner: "a set of \(key)")
      stages += try [induction(of: set), removal(of: set)].map { stage throws(SettingsError) in
        try completed(stage, by: item, mark: node.mark)
      }
    }
    return stages
  }

  /// A set with what all sets have in common; a list is of its layers.
  private static func merged(
    _ set: SettingsNode, with shared: [SettingsNode.Entry]
  ) throws(SettingsError) -> SettingsNode {
    guard case .mapping(let own) = set.content else {
      let layers = SettingsNode(.list(try set.list("layers", allowingSingle: true)), mark: set.mark)
      let entry = SettingsNode.Entry(key: "layers", mark: set.mark, value: layers)
      return SettingsNode(.mapping(shared + [entry]), mark: set.mark)
    }
    let common = shared.filter { entry in !own.contains { $0.key == entry.key } }
    return SettingsNode(.mapping(common + own), mark: set.mark)
  }

  private static func induction(of set: LayerSet) -> SettingsNode {
    let layers = set.penalized.isEmpty ? set.layers : set.penalized
    let l1 = SettingsNode(mapping: ["weight": set.penalty.node, "layers": layers.node])
    let training = SettingsNode(mapping: ["penalties": SettingsNode(mapping: ["l1": l1])])
    return SettingsNode(mapping: ["epochs": set.induction.node, "training": training])
  }

  private static func removal(of set: LayerSet) -> SettingsNode {
    let criterion = SettingsNode(mapping: [ZeroShare.name: SettingsNode(mapping: ["rise": set.rise.node])])
    let settings = SettingsNode(mapping: [
      "criterion": criterion, "sparsity": set.sparsity.node, "below": set.below.node,
      "minimum": set.minimum.node, "images": set.images.node,
    ])
    // Of patterns alike the later one holds.
    let overrides = [
      SettingsNode(mapping: ["layers": "*".node, "skip": true.node]),
      SettingsNode(mapping: ["layers": set.layers.node, "skip": false.node]),
    ]
    return SettingsNode(mapping: [
      ChannelPruning.name: settings, "overrides": SettingsNode(.list(overrides)),
      "epochs": set.recovery.node,
    ])
  }

  /// A stage with the item's objective and training, where it trains; what is wrong in it is told by the item's line.
  private static func completed(
    _ stage: SettingsNode, by item: SettingsNode, mark: SettingsMark
  ) throws(SettingsError) -> SettingsNode {
    guard try stage.required("epochs", of: key).integer("epochs") > 0 else {
      return SettingsNode(stage.content, mark: mark)
    }
    var entries = try stage.mapping(key).filter { $0.key != "training" }
    let own = try stage["training"]?.mapping("training") ?? []
    let given = try item["training"]?.mapping("training") ?? []
    let training = SettingsNode(.mapping(given + own), mark: item["training"]?.mark ?? mark)
    entries.append(SettingsNode.Entry(key: "training", mark: mark, value: training))
    if let objective = item["objective"] {
      entries.append(SettingsNode.Entry(key: "objective", mark: mark, value: objective))
    }
    return SettingsNode(.mapping(entries), mark: mark)
  }
}
