public import Images
import Foundation

/// The options with which a data set is opened.
public struct DatasetOptions: Sendable {
  /// The seed of derived splits.
  public var seed: UInt64 = 0
  /// The share of the training images that become validation images if the data has none; 0 for none.
  public var validationFraction = 0.1
  /// The groups of class folders that form classes, from a manifest; `nil` if each folder is a class.
  var groups: ClassGroups?
  /// The use of a `val/` folder in data without a `test/` folder.
  ///
  /// `nil` leaves it to the manifest. Without one, the validation images serve as test images.
  public var valFolder: ValFolder?
  /// True to leave out files that cannot be used; false to throw.
  public var skipBad = false
  /// The size to which images are resized as they are decoded; `nil` keeps each image's size.
  ///
  /// Set it to the network's input where that is known. Large photographs then take little memory, and JPEG
  /// files are decoded at a reduced scale.
  public var imageSize: ImageSize?
  /// The options with which each file is decoded.
  public var decoding = DecodeOptions()
  /// The folder in which decoded sets are kept between runs; `nil` keeps them in memory only.
  public var cacheDirectory: String? = DatasetOptions.defaultCacheDirectory()
  /// The most bytes that the decoded sets of the cache may take together; the least recently used are
  /// removed.
  public var cacheLimit = DatasetOptions.defaultCacheLimit()
  /// The most bytes of decoded pixels that are held; larger sets are decoded whenever they are used.
  public var memoryLimit = DatasetOptions.defaultMemoryLimit()
  /// The number of threads that decode while the set is opened.
  public var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
  /// The folders in which the data of manifests is searched, after the manifest's folder.
  public var sourceDirectories = DatasetOptions.defaultSourceDirectories()
  /// The folders in which manifests are searched, in order.
  public var dataDirectories: [String] = ["Data"]
  /// True to hash the decoded pixels of each file and to look for images of a single colour.
  var inspectsPixels = false
  /// Called as files are decoded, with the number so far and the total; the total is `nil` while it is
  /// unknown.
  public var progress: (@Sendable (_ files: Int, _ total: Int?) -> Void)?

  /// Makes the options with their defaults.
  public init() {}

  /// Returns `$CONDENSE_CACHE`, else `$XDG_CACHE_HOME/condense`, else `~/.cache/condense`; `nil` without any.
  public static func defaultCacheDirectory() -> String? {
    cacheDirectory(in: ProcessInfo.processInfo.environment)
  }

  /// Returns the folders of `$CONDENSE_DATA`, then `data` in the cache, into which data is fetched.
  public static func defaultSourceDirectories() -> [String] {
    sourceDirectories(in: ProcessInfo.processInfo.environment)
  }

  static func sourceDirectories(in environment: [String: String]) -> [String] {
    let named = (environment["CONDENSE_DATA"] ?? "").split(separator: ":").map(String.init)
    return named + [cacheDirectory(in: environment)].compactMap { $0.map { $0 + "/data" } }
  }

  /// Returns `$CONDENSE_CACHE_LIMIT` GiB in bytes, by default 20 GiB.
  public static func defaultCacheLimit() -> Int { cacheLimit(in: ProcessInfo.processInfo.environment) }

  static func cacheLimit(in environment: [String: String]) -> Int {
    bytes(ofGibibytes: environment["CONDENSE_CACHE_LIMIT"]) ?? 20 << 30
  }

  /// Returns `$CONDENSE_MEMORY_LIMIT` GiB in bytes, by default 2 GiB.
  public static func defaultMemoryLimit() -> Int { memoryLimit(in: ProcessInfo.processInfo.environment) }

  static func memoryLimit(in environment: [String: String]) -> Int {
    bytes(ofGibibytes: environment["CONDENSE_MEMORY_LIMIT"]) ?? 2 << 30
  }

  private static func bytes(ofGibibytes text: String?) -> Int? {
    text.flatMap(Double.init).flatMap { Int(exactly: ($0 * 1_073_741_824).rounded()) }.flatMap {
      $0 >= 0 ? $0 : nil
    }
  }

  static func cacheDirectory(in environment: [String: String]) -> String? {
    if let path = environment["CONDENSE_CACHE"], !path.isEmpty { return path }
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") { return path + "/condense" }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return home + "/.cache/condense"
  }
}
