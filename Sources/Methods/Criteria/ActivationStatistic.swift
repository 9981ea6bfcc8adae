public import Settings
import Tensors

/// Scores channels by a statistic of their values on training images.
public struct ActivationStatistic: Saliency {
  /// The name in recipes: `activation`.
  public static let name = "activation"
  /// The text that `condense explain` prints.
  public static let documentation = MethodDocumentation(
    summary: "size, share of non-zeros, or deviation of a channel's values on training images",
    description: """
      A channel whose values are small, mostly zero or always the same on training images tells the next layers \
      little. The statistic is over all images and all places of the values that the next layers read: after norm, \
      activation and pooling. For coupled channels it is over all their values that are read. The share that is not \
      zero is 1 minus the average percentage of zeros (APoZ). Scores are divided by the mean score of their layer \
      before layers are compared.
      """,
    formula: "score = mean of |a|; or the share of a that is not 0; or sqrt(mean of a^2 - (mean of a)^2)",
    paper: """
      Hu, Peng, Tai, Tang, "Network trimming: a data-driven neuron pruning approach towards efficient deep architectures", \
      2016, arXiv:1607.03250; mean and deviation: Molchanov, Tyree, Karras, Aila, Kautz, "Pruning convolutional neural \
      networks for resource efficient inference", 2017, arXiv:1611.06440
      """)
  /// Channels alone.
  public static let kinds: Set<UnitKind> = [.channel]

  /// A statistic of a channel's values.
  public enum Statistic: String, Sendable, SettingChoice {
    /// The mean absolute value.
    case mean
    /// The share of values that are not zero.
    case nonZero
    /// The standard deviation.
    case deviation
  }

  /// The statistic to compute.
  public var statistic = Statistic.mean
  /// Training images to look at; `nil` takes the method's number.
  public var images: Int?

  /// Takes mean absolute values.
  public init() {}

  /// Settings: `statistic`, `images`.
  public static var settings: [Setting<ActivationStatistic>] {
    [
      Setting(
        "statistic", \.statistic,
        "the statistic: mean absolute value, share that is not zero, or standard deviation"),
      SaliencyCatalogue.imagesSetting(\.images),
    ]
  }

  /// Activations.
  public var evidence: Set<EvidenceKind> { [.activations] }

  /// Sums over the values of each channel.
  private struct Sums {
    var count: [Double]
    var value: [Double]
    var absolute: [Double]
    var square: [Double]
    var nonZero: [Double]

    init(channels: Int) {
      count = Array(repeating: 0, count: channels)
      (value, absolute, square, nonZero) = (count, count, count, count)
    }

    /// Adds values `[batch, channels, …]`.
    mutating func add(_ tensor: Tensor) {
      let places = tensor.shape.spatialCount
      for (index, element) in tensor.values.enumerated() {
        let channel = index / places % count.count
        let number = Double(element)
        count[channel] += 1
        value[channel] += number
        absolute[channel] += abs(number)
        square[channel] += number * number
        if number != 0 { nonZero[channel] += 1 }
      }
    }
  }

  /// The statistic over all images, places and values of each channel that layers read.
  public func scores(
    of sets: [UnitSet], _ context: inout SaliencyContext
  ) throws -> [[Double]] {
    var seen: Set<String> = []
    let names = sets.flatMap { $0.values(.reading) }.filter { seen.insert($0).inserted }
    var sums: [String: Sums] = [:]
    guard !names.isEmpty else { return sets.map { Array(repeating: 0, count: $0.count) } }
    try context.evidence.forEachActivation(of: names, images: images ?? context.images, real: true) {
      values in
      for (name, tensor) in values {
        sums[name, default: Sums(channels: tensor.shape[1])].add(tensor)
      }
    }
    return sets.map { set in
      let read = Set(set.values(.reading))
      let own = sums.filter { read.contains($0.key) }
      func total(_ path: KeyPath<Sums, [Double]>) -> [Double] {
        set.sums(ofChannels: own.mapValues { $0[keyPath: path] })
      }
      let counts = total(\.count).map { max($0, 1) }
      func mean(_ path: KeyPath<Sums, [Double]>) -> [Double] { zip(total(path), counts).map { $0 / $1 } }
      switch statistic {
      case .mean: return mean(\.absolute)
      case .nonZero: return mean(\.nonZero)
      case .deviation:
        return zip(mean(\.square), mean(\.value)).map { max($0 - $1 * $1, 0).squareRoot() }
      }
    }
  }
}
