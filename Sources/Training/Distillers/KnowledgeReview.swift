import Graphs
import Ops
public import Settings
public import Tasks
import Tensors

/// Teaches the student each of the teacher's values from its own value there and all deeper ones (ReviewKD).
///
/// **Formula** `loss = base + weight·Σ_k pyramid(b_k(f_k), A_T,k)` an image, with
/// `f_k = x·s(x, y) + y·t(x, y)` from the last pair to the first. x is the student's value of pair k through
/// a 1x1 convolution to `channels` and a batch norm. y is `f_{k+1}` enlarged to its height and width. s and t
/// are one number a place: 1x1 convolutions of both with a sigmoid. b_k is a 3x3 convolution to the teacher's
/// channels with a batch norm. pyramid is the squared difference of values and of their means over larger
/// windows (`PyramidError`). All layers are trained beside the student and left behind.
///
/// **Paper** Chen, Liu, Zhao, Jia, "Distilling knowledge via knowledge review", CVPR 2021, arXiv:2104.09044.
/// `channels` are the student's last ones, at most 512, as in the authors' code (mdistiller). There the
/// weight is 1 to 8 by pair of networks and grows over the first 20 epochs, and teachers' values are those
/// before rectifiers. Here the weight is constant, and values are as in other objectives.
public struct KnowledgeReview: ValueDistiller {
  /// The name in recipes: `review`.
  public static let name = "review"
  /// One line for `condense list`.
  public static let summary =
    "match each teacher value from the student's value there and all deeper ones, beside another objective (ReviewKD)"

  /// The factor of the squared differences.
  public var weight: Float = 1
  /// Channels to which values are reduced; `nil` takes those of the student's last value, at most 512.
  public var channels: Int?
  /// The objective to which it is added: `supervised`, or one on logits.
  public var base: any Distiller = Supervised()
  /// The pairs to compare, from the first to the last.
  ///
  /// `nil` takes the last values of every resolution that both have, and the values from which both make
  /// their scores.
  public var pairs: [ValuePair]?

  /// Creates it with its default settings.
  public init() {}

  /// Settings: `weight`, `channels`, `base`, `pairs`.
  public static var settings: [Setting<KnowledgeReview>] {
    [
      Setting("weight", \.weight, in: 0...1e6, "factor of the squared differences"),
      Setting(
        "channels", \.channels, in: 1...4096, "channels to which values are mapped before they are fused"),
      DistillerCatalogue.baseSetting(\.base),
      ValuePair.setting(
        \.pairs,
        standard:
          "the last values of each resolution that both networks have, and those from which they make their scores"
      ),
    ]
  }

  /// Adds the base, and from the last pair to the first the reviewed value with its pyramid error.
  public func build(_ objective: inout ObjectiveBuilder) throws {
    try base.build(&objective)
    var compared = try objective.pairs(pairs, ranks: [2, 4], objective: Self.name)
    if pairs == nil,
      let features = try? objective.relatedPairs(nil, standard: .features, objective: Self.name)[0],
      (try? features.requireComparable(
        in: objective.student, objective.teacher ?? objective.student, ranks: [2], objective: Self.name))
        != nil
    {
      compared.append(features)
    }
    let last = objective.student.shape(of: compared[compared.count - 1].student) ?? [1, 1]
    let channels = channels ?? min(512, last[1])
    var deeper: (value: String, shape: Shape)?
    for pair in compared.reversed() {
      let place = "review/" + pair.student
      let (image, shape) = try objective.image(
        objective.studentValue(pair.student), pair.student, place + "/own")
      let reduced = objective.append(
        Conv2D(filters: channels, kernel: 1, bias: false), name: place + "/reduce", inputs: [image])
      var own = objective.append(BatchNorm(), name: place + "/reduce-norm", inputs: [reduced])
      if let deeper { own = try objective.fused(own, shape, deeper, name: place) }
      deeper = (own, shape)
      let its = try objective.teacherValue(pair.teacher)
      let wanted = objective.teacher?.shape(of: pair.teacher) ?? []
      let expanded = objective.append(
        Conv2D(filters: wanted[1], kernel: 3, padding: 1, bias: false), name: place + "/expand", inputs: [own]
      )
      let found = objective.append(BatchNorm(), name: place + "/expand-norm", inputs: [expanded])
      let target =
        wanted.rank == 4
        ? its : objective.append(Reshape(shape: [wanted[1], 1, 1]), name: place + "/its", inputs: [its])
      objective.minimize(
        objective.append(PyramidError(), name: place, inputs: [found, target]), weight: weight)
    }
  }
}

extension ObjectiveBuilder {
  /// A value of the student as an image; features become an image of one place.
  fileprivate mutating func image(
    _ value: String, _ name: String, _ place: String
  ) throws -> (value: String, shape: Shape) {
    let shape = student.shape(of: name) ?? []
    guard shape.rank == 2 else { return (value, shape) }
    return (
      append(Reshape(shape: [shape[1], 1, 1]), name: place, inputs: [value]), [shape[0], shape[1], 1, 1]
    )
  }

  /// The sum of a value and a deeper one of fewer places, each times a number a place made from both.
  fileprivate mutating func fused(
    _ own: String, _ shape: Shape, _ deeper: (value: String, shape: Shape), name: String
  ) throws -> String {
    let factor = shape[2] / max(deeper.shape[2], 1)
    guard 1...64 ~= factor, deeper.shape[2] * factor == shape[2], deeper.shape[3] * factor == shape[3] else {
      throw DistillationError.noMultiple(
        objective: KnowledgeReview.name, own, shape.item, deeper.value, deeper.shape.item)
    }
    let other =
      factor == 1
      ? deeper.value : append(Upsample(factor: factor), name: name + "/deeper", inputs: [deeper.value])
    let both = append(Concat(), name: name + "/both", inputs: [own, other])
    var parts: [String] = []
    for (part, value) in [("own", own), ("deeper", other)] {
      let gate = append(Conv2D(filters: 1, kernel: 1), name: "\(name)/\(part)-gate", inputs: [both])
      let share = append(Sigmoid(), name: "\(name)/\(part)-share", inputs: [gate])
      parts.append(append(Multiply(), name: "\(name)/\(part)-part", inputs: [value, share]))
    }
    return append(Add(), name: name + "/fused", inputs: parts)
  }
}
