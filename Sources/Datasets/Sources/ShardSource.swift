import Archives
import Foundation
import Synchronization
import Tensors

/// The source for data sets that are spread over tars.
///
/// Each shard is read once, by one thread, from the front: members are hashed, the headers of images are
/// read, and nothing is decoded or extracted. The offset of each member is kept. If the decoded pixels fit into
/// `DatasetOptions.memoryLimit`, they are decoded then and held. Else every thread that loads images reads
/// them in place.
///
/// Classes are folders of the tars, or stand beside each image: `KEY.cls` holds the number or name of the
/// class of `KEY.jpg`, or `KEY.json` has it as `label` or `class`.
enum ShardSource: DataSource {
  static let name = "shards"

  static func recognizes(_ location: DataLocation) -> Bool { !location.shards.isEmpty }

  static func scan(_ location: DataLocation, _ options: DatasetOptions) throws(DatasetError) -> Scan {
    let shards = location.shards
    var archives: [Archive] = []
    var stamps: [String] = []
    for shard in shards {
      do throws(ArchiveError) {
        archives.append(try Archive(path: shard.path))
      } catch {
        throw .archive(error)
      }
      guard archives.last?.kind == .tar else {
        throw .malformed(
          path: shard.path, expected: "a plain tar, in which images can be read in place",
          found: "a compressed archive; unpack it to a tar (gzip -d), images are compressed already")
      }
      stamps.append(try CacheFiles.stamp(shard.path))
    }
    var scan = try index(shards, archives, options)
    let opener = Opener(archives: archives, stamps: stamps, members: members(&scan))
    scan.opener = opener
    let bytes = scan.files.reduce(0) { $0 + ($1.format == nil ? 0 : $1.place.count) }
    let count = shards.count == 1 ? "1 shard" : "\(shards.count) shards"
    if options.inspectsPixels || bytes <= options.memoryLimit {
      try decode(&scan, opener, options)
      scan.messages.insert("\(count), read in place", at: 0)
    } else {
      scan.messages.insert(
        "\(count), read in place and decoded whenever images are used, as their pixels take \(gibibytes(bytes)) "
          + "and \(gibibytes(options.memoryLimit)) are held (CONDENSE_MEMORY_LIMIT); `condense data check` finds "
          + "damaged images", at: 0)
    }
    return scan
  }

  static func opener(
    _ location: DataLocation, _ options: DatasetOptions
  ) throws(DatasetError) -> (any MemberOpener)? { try scan(location, options).opener }

  private static func gibibytes(_ bytes: Int) -> String {
    let tenths = (Double(bytes) / 107_374_182.4).rounded()
    return "\(tenths / 10) GiB"
  }

  /// Lists the members of all shards; `place` has the shard and the offset of each.
  private static func index(
    _ shards: [Shard], _ archives: [Archive], _ options: DatasetOptions
  ) throws(DatasetError) -> Scan {
    let findings = Findings(shards.count)
    let pool = DecodingPool(options)
    for (number, shard) in shards.enumerated() {
      pool.submit { builder in
        guard !findings.hasFailed else { return }
        do throws(ArchiveError) {
          findings.add(try ShardIndex(archives[number], shard, number: number, into: &builder), of: number)
        } catch {
          findings.fail(error, of: number)
        }
      }
    }
    var scan = pool.finish()
    let found = findings.found
    if let failure = findings.failure { throw .archive(failure) }
    scan.store = .none
    let labelled = found.reduce(0) { $0 + $1.labelled }
    if labelled > 0 {
      scan.messages.append("classes as the .cls or .json files beside the images say")
      refuseUnlabelled(&scan, found, shards)
    }
    refuseRepeated(&scan, shards)
    return scan
  }

  /// Marks the images without a class where others have one beside them.
  private static func refuseUnlabelled(_ scan: inout Scan, _ found: [ShardIndex], _ shards: [Shard]) {
    var start = 0
    for (index, shard) in zip(found, shards) {
      for position in index.unlabelled {
        let path = scan.files[start + position].path.dropFirst(shard.prefix.count)
        scan.files[start + position].format = nil
        // A folder of its own, as files outside every class are not looked at.
        let name = shard.path.split(separator: "/").last ?? ""
        scan.files[start + position].path = "\(shard.prefix)\(name)/\(path)"
        scan.files[start + position].problem =
          index.reasons[position]
          ?? "expected its class beside it, in \(SampleKey(String(path)).name).cls or as label in "
          + "\(SampleKey(String(path)).name).json, found none; add it, or remove the image"
      }
      start += index.count
    }
  }

  /// Marks images whose path another shard has too.
  private static func refuseRepeated(_ scan: inout Scan, _ shards: [Shard]) {
    guard shards.count > 1 else { return }
    var seen: [String: Int32] = [:]
    seen.reserveCapacity(scan.files.count)
    for position in scan.files.indices where scan.files[position].format != nil {
      let file = scan.files[position]
      guard let first = seen[file.path] else {
        seen[file.path] = file.place.block
        continue
      }
      guard first != file.place.block else { continue }
      scan.files[position].problem =
        "is left out: \(shards[Int(first)].path) has an image of the same path; rename one, "
        + "as \(shards[Int(file.place.block)].path) repeats it"
    }
  }

  /// Returns where each file lies, and makes `place` point into that list.
  private static func members(_ scan: inout Scan) -> [StoredMember] {
    var members: [StoredMember] = []
    members.reserveCapacity(scan.files.count)
    for position in scan.files.indices {
      let file = scan.files[position]
      members.append(
        StoredMember(
          shard: file.place.block, size: Int32(clamping: file.byteCount), offset: file.place.offset))
      scan.files[position].place.block = 0
      scan.files[position].place.offset = position
    }
    return members
  }

  /// Decodes all images of a scan, and holds their pixels as far as the options allow.
  private static func decode(
    _ scan: inout Scan, _ opener: Opener, _ options: DatasetOptions
  ) throws(DatasetError) {
    let files = scan.files
    let pool = DecodingPool(options, total: files.count)
    for start in stride(from: 0, to: files.count, by: blockSize) {
      pool.submit { builder in
        let reader = opener.reader()
        for file in files[start..<min(start + blockSize, files.count)] {
          guard file.format != nil, file.problem == nil else {
            builder.files.append(file)
            continue
          }
          do throws(DatasetError) {
            builder.add(file.path, try reader.bytes(of: file.path, at: file.place)[...])
          } catch {
            builder.add(file.path, problem: error.description)
          }
        }
      }
    }
    let decoded = pool.finish()
    scan.files = decoded.files
    scan.store = decoded.store
  }

  private static let blockSize = 64

  /// The place of a file in a shard.
  private struct StoredMember: Sendable {
    let shard: Int32
    let size: Int32
    let offset: Int
  }

  private struct Opener: MemberOpener {
    let archives: [Archive]
    /// The states of the shards when they were indexed.
    let stamps: [String]
    let members: [StoredMember]

    func open() -> any MemberReader { reader() }
    func reader() -> Reader { Reader(self) }
  }

  private final class Reader: MemberReader {
    private let opener: Opener
    private var readers: [Int32: ArchiveReader] = [:]

    /// The most shards that one thread keeps open, well below the usual limit of a process.
    private static let mostOpen = 16

    init(_ opener: Opener) { self.opener = opener }

    func bytes(of path: String) throws(DatasetError) -> [UInt8] {
      throw .unreadable(path: path, reason: "a member of a shard is read by its place")
    }

    func bytes(of path: String, at place: PixelPlace) throws(DatasetError) -> [UInt8] {
      let member = opener.members[place.offset]
      let reader = try reader(of: member.shard)
      do throws(ArchiveError) {
        return try reader.read(path, size: Int(member.size), offset: member.offset)
      } catch {
        throw .archive(error)
      }
    }

    private func reader(of shard: Int32) throws(DatasetError) -> ArchiveReader {
      if let reader = readers[shard] { return reader }
      let archive = opener.archives[Int(shard)]
      guard try CacheFiles.stamp(archive.path) == opener.stamps[Int(shard)] else {
        throw .unreadable(path: archive.path, reason: "it has changed since it was indexed; begin again")
      }
      if readers.count >= Self.mostOpen { readers.removeAll(keepingCapacity: true) }
      do throws(ArchiveError) {
        let reader = try ArchiveReader(archive)
        readers[shard] = reader
        return reader
      } catch {
        throw .archive(error)
      }
    }
  }

  /// What the threads found in each shard; the failure of the first shard is kept.
  private final class Findings: Sendable {
    private struct State {
      var found: [ShardIndex?]
      var failure: (number: Int, error: ArchiveError)?
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(found: Array(repeating: nil, count: count))) }

    func add(_ index: ShardIndex, of number: Int) { state.withLock { $0.found[number] = index } }

    func fail(_ error: ArchiveError, of number: Int) {
      state.withLock { state in
        if number < state.failure?.number ?? .max { state.failure = (number, error) }
      }
    }

    var hasFailed: Bool { state.withLock { $0.failure != nil } }
    var failure: ArchiveError? { state.withLock { $0.failure?.error } }
    var found: [ShardIndex] { state.withLock { $0.found.compactMap { $0 } } }
  }
}
