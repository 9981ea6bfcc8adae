public import Readings

/// The result of a trial: `result.json` in its directory, and a row of the ledger.
///
/// Rates are fractions 0…1; sizes are bytes; times and energies have their unit in the name.
public struct TrialResult: Codable, Sendable, Equatable {
  /// The sizes of the student file.
  public struct Size: Codable, Sendable, Equatable {
    /// Bytes of the file with plain sections.
    public var fileBytes: Int
    /// Bytes of the file with sections entropy-coded where that shrinks them.
    public var codedBytes: Int

    /// Makes sizes in bytes.
    public init(fileBytes: Int, codedBytes: Int) {
      self.fileBytes = fileBytes
      self.codedBytes = codedBytes
    }
  }

  /// The state of the network after a stage.
  public struct StageRecord: Codable, Sendable, Equatable {
    /// The method's or objective's name.
    public var name: String
    /// The number of epochs that were trained.
    public var epochs: Int
    /// The metric on validation images; `nil` where there are none.
    public var validation: Double?
    /// The size of the student's file in bytes.
    public var fileBytes: Int
    /// Multiply-adds per image.
    public var multiplyAdds: Int
    /// The number of weights that are not zero.
    public var nonZeros: Int
    /// The energy of an inference on `energyTarget` in µJ; `nil` where it was not read.
    public var energyMicrojoules: Double?
    /// The run's first target when the energy was read.
    ///
    /// Energies of stages are comparable where `energyTarget` and `energyOrigin` are equal.
    public var energyTarget: String?
    /// Everything that the energy depended on besides the network: the digest of the profile and the tools.
    public var energyOrigin: String?
    /// Warnings about the stage, such as that it changed nothing.
    public var warnings: [String]

    /// Makes a record of a stage; the target and origin of the energy are set later.
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

  /// One layer before and after compression; figures of a layer that only one side has are zero on the other.
  public struct LayerRecord: Codable, Sendable, Equatable {
    /// The layer's name.
    public var name: String
    /// The kind of its op.
    public var kind: String
    /// The encoding of its weights after compression.
    public var encoding: String
    /// Bytes of its parameters before.
    public var bytesBefore: Int
    /// Bytes of its parameters after.
    public var bytesAfter: Int
    /// Multiply-adds per image before.
    public var multiplyAddsBefore: Int
    /// Multiply-adds per image after.
    public var multiplyAddsAfter: Int

    /// Makes a record of a layer.
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

  /// A test image with a wrong answer.
  public struct Mistake: Codable, Sendable, Equatable {
    /// The image's path in the data set.
    public var file: String
    /// The annotation in words, such as the true class.
    public var truth: String
    /// The answer in words, such as the predicted class.
    public var predicted: String
    /// The confidence of the answer, 0…1.
    public var confidence: Double
    /// The image as PNG, in base64.
    public var png: String

    /// Makes a record of a wrong answer.
    public init(file: String, truth: String, predicted: String, confidence: Double, png: String) {
      self.file = file
      self.truth = truth
      self.predicted = predicted
      self.confidence = confidence
      self.png = png
    }
  }

  /// A test image of a task that finds things, with the truth and the findings.
  public struct Picture: Codable, Sendable, Equatable {
    /// A thing in the image.
    public struct Thing: Codable, Sendable, Equatable {
      /// The class.
      public var label: Int
      /// Its edges, in pixels of the picture.
      public var left, top, right, bottom: Double
      /// The confidence of the network, 0...1; `nil` for the truth.
      public var confidence: Double?

      /// Makes a thing.
      public init(
        label: Int, left: Double, top: Double, right: Double, bottom: Double,
        confidence: Double? = nil
      ) {
        self.label = label
        (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
        self.confidence = confidence
      }
    }

    /// The path of the image within the data.
    public var file: String
    /// Its columns and rows.
    public var width, height: Int
    /// The image as PNG, base64.
    public var png: String
    /// The things that are there.
    public var truth: [Thing]
    /// The things that were found, the most confident first.
    public var found: [Thing]

    /// Makes a picture.
    public init(file: String, width: Int, height: Int, png: String, truth: [Thing], found: [Thing]) {
      self.file = file
      (self.width, self.height) = (width, height)
      self.png = png
      (self.truth, self.found) = (truth, found)
    }
  }

  /// Multiply-adds over the test images, for a network whose computed channels depend on the image.
  public struct ImageWork: Codable, Sendable, Equatable {
    /// The mean over test images.
    public var mean: Double
    /// The least of any test image.
    public var least: Int
    /// The most of any test image.
    public var most: Int

    /// Makes the figures of all test images.
    public init(mean: Double, least: Int, most: Int) {
      self.mean = mean
      self.least = least
      self.most = most
    }
  }

  /// The cost of training.
  public struct Cost: Codable, Sendable, Equatable {
    /// The number of images seen by this trial alone, with repeats.
    public var trainingImages: Int
    /// The wall-clock time in seconds.
    public var seconds: Double

    /// Makes a cost of images and seconds.
    public init(trainingImages: Int, seconds: Double) {
      self.trainingImages = trainingImages
      self.seconds = seconds
    }
  }

  /// The version of the file's schema.
  public var schema = TrialResult.schemaVersion
  /// The student's name in the recipe; `teacher` for teachers.
  public var name: String
  /// The trial's role.
  public var role: TrialRole
  /// The trial's seed.
  public var seed: UInt64
  /// The SHA-256 of everything that decides the result.
  public var address: String
  /// The names of the pipeline's methods, in order.
  public var methods: [String]
  /// The students that this trial is a control of.
  public var controlOf: [String]
  /// The names of the classes, in the order of the outputs.
  public var classes: [String]
  /// The accuracy on test images.
  public var accuracy: Accuracy
  /// The metric on validation images; `nil` where there are none.
  public var validation: Double?
  /// The sizes of the student file.
  public var size: Size
  /// The number of parameters.
  public var parameters: Int
  /// The number of weights that are not zero.
  public var nonZeros: Int
  /// Multiply-adds per image; where gates choose channels for each image, the mean over test images.
  public var multiplyAdds: Int
  /// The spread of multiply-adds over images; `nil` where all images take the same.
  public var multiplyAddsPerImage: ImageWork?
  /// Bits of weights and values, such as `w8a8` or `w32a32`.
  public var bits: String
  /// The readings by target.
  public var targets: [String: Reading]
  /// The cost of training.
  public var cost: Cost
  /// The stages of the pipeline, in order.
  public var stages: [StageRecord]
  /// The layers before and after compression.
  public var layers: [LayerRecord]
  /// Test images with wrong answers.
  public var mistakes: [Mistake]
  /// Some test images with what was found in them; `nil` of tasks that find nothing in places.
  public var pictures: [Picture]?
  /// Warnings about the student.
  public var warnings: [String]
  /// The model's file name in the trial's directory.
  public var model: String
  /// The number of compute threads.
  public var threads: Int
  /// The precision of the training.
  public var precision: String
  /// The instruction set of the training.
  public var instructionSet: String

  /// Makes a result of the present schema.
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
