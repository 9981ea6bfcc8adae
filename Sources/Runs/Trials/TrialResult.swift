/// What a trial found out: `result.json` in its directory, and a row of the ledger.
///
/// Rates are fractions 0…1; sizes are bytes; times and energies carry their unit in the name.
public struct TrialResult: Codable, Sendable, Equatable {
  /// How the test images were scored.
  public struct Accuracy: Codable, Sendable, Equatable {
    public var images: Int
    public var top1: Double
    public var top5: Double
    public var loss: Double
    /// Expected calibration error.
    public var ece: Double
    /// `float`, `simulated` (integers simulated in floats) or `integer`.
    public var arithmetic: String
    /// Recall by class.
    public var perClass: [Double]
    /// Rows are the truth, columns what was predicted.
    public var confusion: [[Int]]
    /// Whether each test image was told right, in the data set's order: one bit each, least significant first, base64.
    public var correct: String

    public init(
      images: Int, top1: Double, top5: Double, loss: Double, ece: Double, arithmetic: String,
      perClass: [Double], confusion: [[Int]], correct: String
    ) {
      self.images = images
      self.top1 = top1
      self.top5 = top5
      self.loss = loss
      self.ece = ece
      self.arithmetic = arithmetic
      self.perClass = perClass
      self.confusion = confusion
      self.correct = correct
    }
  }

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

  /// What one target would take.
  public struct TargetReading: Codable, Sendable, Equatable {
    public var flashBytes: Int
    public var ramBytes: Int
    public var latencyMs: Double
    public var energyMicrojoules: Double
    /// `measured`, `simulated` or `modelled`.
    public var basis: String
    /// The interval of the latency, in milliseconds, by the target's stated uncertainty.
    public var low: Double
    public var high: Double
    public var fits: Bool
    /// Why it does not fit or cannot run; `nil` when it does.
    public var reason: String?
    /// How the latency came about, such as `analytic`, `cycle-exact-sim`, `insn-count-x-CPI`; `nil` in older results.
    public var method: String?
    /// The interval of the energy, in microjoules.
    public var energyLow: Double?
    public var energyHigh: Double?
    /// Joules of a day at the target's frame rate; `nil` where the target has none or is too slow for it.
    public var energyPerDayJoules: Double?
    /// Clock cycles of the images that were simulated; `nil` where none were.
    public var cycles: CycleRange?
    /// What flash and RAM are made of.
    public var memory: MemorySplit?
    /// The share by which two rows must differ on this target to be told apart.
    public var relativeError: Double?
    /// Images that were simulated with outputs equal to the integer reference's, and those of them that were not equal.
    public var imagesSimulated: Int?
    public var imagesUnequal: Int?
    /// Cycles by layer; `nil` where they are not known.
    public var layers: [LayerCycles]?
    /// Why the figures are not what the target promises, such as a simulator that is missing.
    public var note: String?
    /// The digest of what the reading depends on beside the model; `nil` in rankings, and in results of older programs.
    public var origin: String?

    public init(
      flashBytes: Int, ramBytes: Int, latencyMs: Double, energyMicrojoules: Double, basis: String,
      low: Double,
      high: Double, fits: Bool, reason: String? = nil
    ) {
      self.flashBytes = flashBytes
      self.ramBytes = ramBytes
      self.latencyMs = latencyMs
      self.energyMicrojoules = energyMicrojoules
      self.basis = basis
      self.low = low
      self.high = high
      self.fits = fits
      self.reason = reason
    }
  }

  /// Clock cycles over images.
  public struct CycleRange: Codable, Sendable, Equatable {
    public var min: Double
    public var mean: Double
    public var max: Double

    public init(min: Double, mean: Double, max: Double) {
      self.min = min
      self.mean = mean
      self.max = max
    }
  }

  /// What flash and RAM are made of, in bytes.
  public struct MemorySplit: Codable, Sendable, Equatable {
    public var weightBytes: Int
    public var codeBytes: Int
    public var valueBytes: Int
    public var variableBytes: Int
    public var stackBytes: Int
    /// Kept for interrupts; in estimates the target's allowance for stack, buffers and run time.
    public var marginBytes: Int

    public init(
      weightBytes: Int, codeBytes: Int, valueBytes: Int, variableBytes: Int, stackBytes: Int, marginBytes: Int
    ) {
      self.weightBytes = weightBytes
      self.codeBytes = codeBytes
      self.valueBytes = valueBytes
      self.variableBytes = variableBytes
      self.stackBytes = stackBytes
      self.marginBytes = marginBytes
    }
  }

  /// A layer's share of a target's cycles.
  public struct LayerCycles: Codable, Sendable, Equatable {
    public var name: String
    public var cycles: Double

    public init(name: String, cycles: Double) {
      self.name = name
      self.cycles = cycles
    }
  }

  /// What the network was after a stage.
  public struct StageRecord: Codable, Sendable, Equatable {
    /// The method's or objective's name.
    public var name: String
    public var epochs: Int
    /// On validation images; `nil` where there are none.
    public var validationTop1: Double?
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
      name: String, epochs: Int, validationTop1: Double?, fileBytes: Int, multiplyAdds: Int, nonZeros: Int,
      energyMicrojoules: Double?, warnings: [String]
    ) {
      self.name = name
      self.epochs = epochs
      self.validationTop1 = validationTop1
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

  public var schema = 1
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
  /// On validation images; `nil` where there are none.
  public var validationTop1: Double?
  public var size: Size
  public var parameters: Int
  public var nonZeros: Int
  public var multiplyAdds: Int
  /// Bits of weights and values, such as `w8a8` or `w32a32`.
  public var bits: String
  public var targets: [String: TargetReading]
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
    classes: [String], accuracy: Accuracy, validationTop1: Double?, size: Size, parameters: Int,
    nonZeros: Int,
    multiplyAdds: Int, bits: String, targets: [String: TargetReading], cost: Cost, stages: [StageRecord],
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
    self.validationTop1 = validationTop1
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
