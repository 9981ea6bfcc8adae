import Datasets
public import Execution
import Foundation
import Graphs
import Readings
import Recipes
import Runs
import Settings
import Targets
import Tasks
import Tensors
import Training
import Trials

/// The trials of a fit: a recipe in the run's folder, as for `condense compare`, and the reasons for it.
public struct FitPlan: Sendable {
  /// The recipe's text.
  public var recipe: String
  /// Notes for the user about the decision, one per line.
  public var notes: [String]
}

/// Decides on a teacher, the students and the epochs of a fit, for given data, device and time.
///
/// Every family of compression gets the weakest student that fits the device by the profile's model of flash,
/// memory and latency, before anything is trained; then stronger ones follow. The epochs and the number of
/// students follow from the measured speed of the networks on this machine. A decision is written into the
/// run's folder once, so that a stopped run continues with it.
public struct FitPlanner {
  private let request: FitRequest
  private let options: RunOptions
  private let backend: any Backend
  private let seconds: Double
  private let profile: TargetProfile
  private let began = ContinuousClock.now

  /// The share of a limit that a student may take by the profile's model, which omits what a compiler adds.
  private static let caution = 0.9
  /// The share of the time for trials; the rest is for readings, the report and exports.
  private static let shareForTrials = 0.75
  /// The largest share of the time for the teacher.
  private static let shareForTeacher = 0.45
  /// The images that a teacher should see and must see in all, over its epochs.
  private static let (idealImages, fewestImages) = (2_000_000, 300_000)
  /// The least number of families with a fitting student, unless the teacher is the last choice.
  private static let fewestFamilies = 2
  /// The number of students that is not reduced further for more epochs.
  private static let fewestStudents = 4

  /// Plans a fit within `seconds`; the folder of `options` is the run's.
  public init(
    _ request: FitRequest, _ options: RunOptions, backend: any Backend, seconds: Double
  ) throws {
    self.request = request
    self.options = options
    self.backend = backend
    self.seconds = seconds
    profile = try TargetProfile.named(request.target, searching: options.targets)
  }

  /// Writes the networks, and the target if it has its own limits, into the run's folder, and decides.
  public func plan() throws -> FitPlan {
    try RunPreparation.makeData(request.data, options, into: options.directory + "/data")
    var datasets = options.datasets
    datasets.sourceDirectories.insert(options.directory + "/data", at: 0)
    let data = try Dataset.open(request.data, options: datasets)
    guard try TaskCatalogue.task(of: data) is Classification else {
      throw ComparisonError.notForFit(path: request.data)
    }
    guard let usual = data.usualShape else { throw ComparisonError.noTestImages(path: request.data) }
    let images = data.count(of: .train)
    let input = FitInput.shape(
      of: usual, side: request.side, ramBytes: limit(request.ramBytes, profile.ramBytes))
    let batch = Self.batch(images: images)
    for network in FitNetwork.allCases {
      try write(network.yaml(input, classes: data.classes.count), to: networks + "/" + network.fileName)
    }
    let target = try target()
    let notes = [
      "\(request.data): \(images) training images of \(data.classes.count) classes, most of \(usual); networks see \(InputShape(channels: input[0], height: input[1], width: input[2]))"
    ]
    let epochs = Self.epochs(images: images)
    for teacher in FitNetwork.teachers {
      let trials = FitTrials(
        teacher: teacher, target: target, data: request.data, margin: request.margin, batch: batch,
        networks: networks)
      let isLast = teacher == FitNetwork.teachers.last
      guard var plan = try choose(trials, epochs, isLast: isLast) else { continue }
      plan.notes.insert(contentsOf: notes, at: 0)
      return plan
    }
    preconditionFailure("the last teacher is taken or refused")
  }

  // MARK: Choosing

  /// The students and epochs with a teacher; `nil` where the teacher alone takes too long.
  private func choose(
    _ trials: FitTrials, _ epochs: ClosedRange<Int>, isLast: Bool
  ) throws -> FitPlan? {
    let estimates = try FitEstimates(trials, options, backend: backend, on: profile)
    let few = try estimates.teacherSeconds(epochs: epochs.lowerBound)
    guard isLast || few <= Self.shareForTeacher * seconds else { return nil }
    // The time for opening the data and measuring networks is subtracted.
    let left = seconds - (ContinuousClock.now - began) / .seconds(1)
    let budget = Self.shareForTrials * left
    let one = try estimates.teacherSeconds(epochs: 1)
    guard one < budget else {
      throw ComparisonError.tooLittleTime(seconds: seconds, needed: 2 * one / Self.shareForTrials)
    }
    var first: [FitStudent] = []
    var further: [FitStudent] = []
    var tooLarge: [String] = []
    for family in trials.families {
      guard let place = try estimates.weakestThatFits(family, limits) else {
        tooLarge.append(family.name)
        continue
      }
      first.append(FitStudent(family: family, strength: family.strengths[place]))
      for place in [place + 2, place + 4] where place < family.strengths.count {
        further.append(FitStudent(family: family, strength: family.strengths[place]))
      }
    }
    guard !first.isEmpty else {
      if isLast { throw ComparisonError.nothingFits(target: profile.name, smallest: estimates.smallest) }
      return nil
    }
    // If few families have a student that fits, a smaller teacher is tried.
    guard first.count >= Self.fewestFamilies || isLast else { return nil }
    var students = first + further
    // The most epochs that the time allows; the time grows with the epochs.
    func most(_ students: [FitStudent]) throws -> Int {
      var (fitting, long) = (0, epochs.upperBound + 1)
      while long - fitting > 1 {
        let middle = (fitting + long) / 2
        if try estimates.seconds(students, epochs: middle, jobs: jobs) <= budget {
          fitting = middle
        } else {
          long = middle
        }
      }
      return fitting
    }
    let comfortable = (epochs.lowerBound + epochs.upperBound) / 2
    while students.count > first.count, try most(students) < comfortable { students.removeLast() }
    while students.count > Self.fewestStudents, try most(students) < epochs.lowerBound {
      students.removeLast()
    }
    let chosen = try most(students)
    guard chosen >= epochs.lowerBound || isLast else { return nil }
    let passes = max(1, chosen)
    var notes = [
      "teacher: \(trials.teacher.rawValue), \(passes) epochs; \(students.count) students for \(profile.name): "
        + students.map(\.name).joined(separator: ", ")
    ]
    if !tooLarge.isEmpty {
      notes.append(
        "left out because none of their students fits \(profile.name): \(tooLarge.joined(separator: ", "))")
    }
    if passes < epochs.lowerBound {
      notes.append(
        "the time allows \(passes) epochs; \(epochs.lowerBound) are usual for that many images. Accuracies will be low; give more time"
      )
    }
    let time = Int(try estimates.seconds(students, epochs: passes, jobs: jobs).rounded(.up))
    notes.append("trials take about \(time) s of the \(Int(seconds)) s on this machine, \(jobs) at a time")
    return FitPlan(recipe: trials.recipe(students, epochs: passes, comment: notes), notes: notes)
  }

  private var jobs: Int { options.jobs ?? max(1, ProcessInfo.processInfo.activeProcessorCount) }

  /// The limits for a student by the profile's model.
  private var limits: FitLimits {
    func careful(_ limit: Int?) -> Double? { limit.map { Double($0) * Self.caution } }
    return FitLimits(
      flashBytes: careful(limit(request.flashBytes, profile.flashBytes)),
      ramBytes: careful(limit(request.ramBytes, profile.ramBytes)),
      latencyMs: request.latencyMs.map { $0 * Self.caution })
  }

  private func limit(_ own: Int?, _ profile: Sourced?) -> Int? {
    let hardware = profile.map { Int($0.value) }
    return own.map { own in hardware.map { min($0, own) } ?? own } ?? hardware
  }

  /// The batch size; smaller for small data, so that an epoch has several steps.
  private static func batch(images: Int) -> Int {
    switch images {
    case ..<512: 16
    case ..<2048: 32
    case ..<8192: 64
    default: 128
    }
  }

  /// The range of epochs for a number of images; few images are seen more often.
  private static func epochs(images: Int) -> ClosedRange<Int> {
    let images = max(1, images)
    let low = min(max(fewestImages / images, 4), 40)
    return low...max(low, min(max(idealImages / images, 12), 120))
  }

  // MARK: Files

  private var networks: String { options.directory + "/networks" }

  private func write(_ text: String, to path: String) throws {
    try FileManager.default.createDirectory(
      atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
    try RunPreparation.write(Array(text.utf8), to: path)
  }

  /// The target as recipes name it: the profile, or a copy with the requested limits.
  private func target() throws -> String {
    guard request.flashBytes != nil || request.ramBytes != nil else { return request.target }
    let file =
      NamedFiles.isPath(request.target)
      ? request.target : NamedFiles(in: options.targets).path(of: request.target)
    guard let file, case .mapping(let entries) = try SettingsNode(contentsOf: file).content else {
      preconditionFailure("a profile that was read has a file")
    }
    var changed = entries
    for (key, bytes) in [
      ("flashBytes", request.flashBytes.map { limit($0, profile.flashBytes) ?? $0 }),
      ("ramBytes", request.ramBytes.map { limit($0, profile.ramBytes) ?? $0 }),
    ] {
      guard let bytes else { continue }
      changed.removeAll { $0.key == key }
      let value = SettingsNode(mapping: ["value": bytes.node, "source": "asked for".node])
      changed.append(.init(key: key, mark: SettingsMark(source: "built-in"), value: value))
    }
    let path = options.directory + "/targets/" + profile.name + ".yaml"
    try write(SettingsNode(.mapping(changed)).prettyJSON + "\n", to: path)
    return path
  }
}
