public import Images
import Foundation

/// How a data set is opened.
public struct DatasetOptions: Sendable {
  /// The seed of the derived splits.
  public var seed: UInt64 = 0
  /// The share of images that become validation where the data has none; 0 for none.
  public var validationFraction = 0.1
  /// What the folder of validation images is for where the data has no test images; `nil` leaves it to the manifest,
  /// and without one it is tested on.
  public var valFolder: ValFolder?
  /// Whether files that cannot be read are left out instead of stopping everything.
  public var skipBad = false
  /// The size to which images are brought while they are decoded; `nil` keeps each as it is.
  ///
  /// Give the network's input where it is known: large photographs then take little memory, and JPEGs are decoded
  /// at a reduced scale.
  public var imageSize: ImageSize?
  /// How each file is decoded.
  public var decoding = DecodeOptions()
  /// Where decoded sets are kept between runs; `nil` keeps them in memory only.
  public var cacheDirectory: String? = DatasetOptions.defaultCacheDirectory()
  /// The most bytes that the decoded sets of the cache may take together; the least recently used go.
  public var cacheLimit = DatasetOptions.defaultCacheLimit()
  /// The most bytes that decoded pixels may take; larger sets are decoded anew whenever they are used.
  public var memoryLimit = 2 << 30
  /// Threads that decode while the set is opened.
  public var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
  /// Folders in which the files that manifests name are searched for, after the manifest's own.
  public var sourceDirectories = DatasetOptions.defaultSourceDirectories()
  /// Folders that are searched for manifests, in order.
  public var dataDirectories: [String] = ["Data"]
  /// Whether pixels are hashed and looked at while they are decoded.
  var inspectsPixels = false
  /// Told about what is going on: files so far, and how many there are where that is known.
  public var progress: (@Sendable (_ files: Int, _ total: Int?) -> Void)?

  /// The defaults.
  public init() {}

  /// `$CONDENSE_CACHE`, else `$XDG_CACHE_HOME/condense`, else `~/.cache/condense`.
  public static func defaultCacheDirectory() -> String? {
    cacheDirectory(in: ProcessInfo.processInfo.environment)
  }

  /// The folders of `$CONDENSE_DATA`, then `data` in the cache; the last is where fetched data is put.
  public static func defaultSourceDirectories() -> [String] {
    sourceDirectories(in: ProcessInfo.processInfo.environment)
  }

  static func sourceDirectories(in environment: [String: String]) -> [String] {
    let named = (environment["CONDENSE_DATA"] ?? "").split(separator: ":").map(String.init)
    return named + [cacheDirectory(in: environment)].compactMap { $0.map { $0 + "/data" } }
  }

  /// `$CONDENSE_CACHE_LIMIT` in GiB, else 20 GiB.
  public static func defaultCacheLimit() -> Int { cacheLimit(in: ProcessInfo.processInfo.environment) }

  static func cacheLimit(in environment: [String: String]) -> Int {
    let gibibytes = environment["CONDENSE_CACHE_LIMIT"].flatMap(Double.init) ?? 20
    return Int(exactly: (gibibytes * 1_073_741_824).rounded()).flatMap { $0 >= 0 ? $0 : nil } ?? 20 << 30
  }

  static func cacheDirectory(in environment: [String: String]) -> String? {
    if let path = environment["CONDENSE_CACHE"], !path.isEmpty { return path }
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") { return path + "/condense" }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return home + "/.cache/condense"
  }
}
