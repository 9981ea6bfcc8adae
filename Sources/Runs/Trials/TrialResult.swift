public import Readings

/// What a trial found out: `result.json` in its directory, and a row of the ledger.
///
/// Rates are fractions 0…1; sizes are bytes; times and energies carry their unit in the name.
public struct TrialResult: Codable, Sendable, Equatable {
  /// The student file.
  public struct Size: Codable, Sendable, Equatable {
    /// Bytes of the file with plain sections.
    public var fileBytes: Int
    /// Bytes of the file with sections entropy-coded where that shrinks them.
    public var codedBytes: Int

    public init(fileBytes: Int, codedBytes: Int) {
      self.fileBytes = fileBytes
      self.codedBytes = codedBytes
    }
  }

  /// What the network was after a stage.
  public struct StageRecord: Codable, Sendable, Equatable {
    /// The method's or objective's name.
    public var name: String
    public var epochs: Int
    /// The metric on validation images; `nil` where there are none.
    public var validation: Double?
    public var fileBytes: Int
    public var multiplyAdds: Int
    public var nonZeros: Int
    /// Microjoules an inference on `energyTarget`; `nil` where it was not read.
    public var energyMicrojoules: Double?
    /// The run's first target at that time, and what the reading depended on beside the network: stages compare where both
    /// are the same.
    public var energyTarget: String?
    public var energyOrigin: String?
    /// What a reader should know, such as a stage that changed nothing.
    public var warnings: [String]

    public init(
      name: String, epochs: Int, validation: Double?, fileBytes: Int, multiplyAdds: Int, nonZeros: Int,
      energyMicrojoules: Double?, warnings: [String]
    ) {
      self.name = name
      self.epochs = epochs
      self.validation = validation
      self.fileBytes = fileBytes
      self.multiplyAdds = multiplyAdds
      self.nonZeros = nonZeros
      self.energyMicrojoules = energyMicrojoules
      self.warnings = warnings
    }
  }

  /// One layer before and after; a layer that only one side has is zero on the other.
  public struct LayerRecord: Codable, Sendable, Equatable {
    public var name: String
    public var kind: String
    public var encoding: String
    public var bytesBefore: Int
    public var bytesAfter: Int
    public var multiplyAddsBefore: Int
    public var multiplyAddsAfter: Int

    public init(
      name: String, kind: String, encoding: String, bytesBefore: Int, bytesAfter: Int,
      multiplyAddsBefore: Int,
      multiplyAddsAfter: Int
    ) {
      self.name = name
      self.kind = kind
      self.encoding = encoding
      self.bytesBefore = bytesBefore
      self.bytesAfter = bytesAfter
      self.multiplyAddsBefore = multiplyAddsBefore
      self.multiplyAddsAfter = multiplyAddsAfter
    }
  }

  /// A test image that was told wrong.
  public struct Mistake: Codable, Sendable, Equatable {
    public var file: String
    public var truth: String
    public var predicted: String
    public var confidence: Double
    /// The image as PNG, base64.
    public var png: String

    public init(file: String, truth: String, predicted: String, confidence: Double, png: String) {
      self.file = file
      self.truth = truth
      self.predicted = predicted
      self.confidence = confidence
      self.png = png
    }
  }

  /// Multiply-adds over the test images, of a network that computes other channels for each.
  public struct ImageWork: Codable, Sendable, Equatable {
    public var mean: Double
    public var least: Int
    public var most: Int

    public init(mean: Double, least: Int, most: Int) {
      self.mean = mean
      self.least = least
      self.most = most
    }
  }

  /// What the training cost.
  public struct Cost: Codable, Sendable, Equatable {
    /// Images seen, repeats counted, this trial alone.
    public var trainingImages: Int
    public var seconds: Double

    public init(trainingImages: Int, seconds: Double) {
      self.trainingImages = trainingImages
      self.seconds = seconds
    }
  }

  public var schema = TrialResult.schemaVersion
  /// The student's name in the recipe; `teacher` for teachers.
  public var name: String
  public var role: TrialRole
  public var seed: UInt64
  /// The SHA-256 of all that the trial is a function of.
  public var address: String
  /// The methods of the pipeline, in order, by name.
  public var methods: [String]
  /// The students that a control is held against.
  public var controlOf: [String]
  public var classes: [String]
  public var accuracy: Accuracy
  /// The metric on validation images; `nil` where there are none.
  public var validation: Double?
  public var size: Size
  public var parameters: Int
  public var nonZeros: Int
  /// Of one image; where gates choose channels image by image the mean over test images.
  public var multiplyAdds: Int
  /// How multiply-adds differ from image to image; `nil` where they do not.
  public var multiplyAddsPerImage: ImageWork?
  /// Bits of weights and values, such as `w8a8` or `w32a32`.
  public var bits: String
  public var targets: [String: Reading]
  public var cost: Cost
  public var stages: [StageRecord]
  public var layers: [LayerRecord]
  public var mistakes: [Mistake]
  public var warnings: [String]
  /// The model's file name in the trial's directory.
  public var model: String
  public var threads: Int
  public var precision: String
  public var instructionSet: String

  public init(
    name: String, role: TrialRole, seed: UInt64, address: String, methods: [String], controlOf: [String] = [],
    classes: [String], accuracy: Accuracy, validation: Double?, size: Size, parameters: Int,
    nonZeros: Int,
    multiplyAdds: Int, bits: String, targets: [String: Reading], cost: Cost, stages: [StageRecord],
    layers: [LayerRecord], mistakes: [Mistake], warnings: [String], model: String, threads: Int,
    precision: String, instructionSet: String
  ) {
    self.name = name
    self.role = role
    self.seed = seed
    self.address = address
    self.methods = methods
    self.controlOf = controlOf
    self.classes = classes
    self.accuracy = accuracy
    self.validation = validation
    self.size = size
    self.parameters = parameters
    self.nonZeros = nonZeros
    self.multiplyAdds = multiplyAdds
    self.bits = bits
    self.targets = targets
    self.cost = cost
    self.stages = stages
    self.layers = layers
    self.mistakes = mistakes
    self.warnings = warnings
    self.model = model
    self.threads = threads
    self.precision = precision
    self.instructionSet = instructionSet
  }
}
