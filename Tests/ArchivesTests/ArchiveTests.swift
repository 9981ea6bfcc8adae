import Archives
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Archives")
struct ArchiveTests {
  static let kinds: [(ArchiveKind, [UInt8])] = [
    (.tar, TestTar.tar(TestArchives.files)),
    (.tarGzip, TestArchives.gzip(TestTar.tar(TestArchives.files))),
    (.zip, TestArchives.zip(TestArchives.files)),
  ]

  @Test(
    "every kind yields the same members with the same bytes, whatever the file is called", arguments: 0..<3)
  func members(kind: Int) throws {
    let folder = try TemporaryFolder()
    let archive = try Archive(path: folder.file("misnamed.jpg", Self.kinds[kind].1))
    #expect(archive.kind == Self.kinds[kind].0)
    var found: [(String, [UInt8])] = []
    try archive.forEachMember { member, bytes in
      #expect(member.size == bytes.count)
      found.append((member.path, bytes.indices.map { bytes[$0] }))
    }
    #expect(found.map { $0.0 } == TestArchives.files.map { $0.0 })
    #expect(found.map { $0.1 } == TestArchives.files.map { $0.1 })
    let index = try archive.index()
    #expect(index.members.map { $0.path } == TestArchives.files.map { $0.0 })
    #expect(index.members.map { $0.size } == TestArchives.files.map { $0.1.count })
    #expect(index.refused.isEmpty)
  }

  @Test("single members are read in any order", arguments: 0..<3)
  func randomAccess(kind: Int) throws {
    let folder = try TemporaryFolder()
    let archive = try Archive(path: folder.file("a", Self.kinds[kind].1))
    let members = try archive.members()
    let reader = try ArchiveReader(archive)
    for i in [3, 3, 9, 0, 7, 1, 8, 2] { #expect(try reader.read(members[i]) == TestArchives.files[i].1) }
    #expect((members[4].offset != nil) == (archive.kind == .tar))
  }

  @Test("blocks keep the order, hold what fits, and any number of threads may draw them", arguments: [1, 3])
  func blocks(threads: Int) throws {
    let folder = try TemporaryFolder()
    let archive = try Archive(path: folder.file("a", Self.kinds[1].1))
    let stream = try ArchiveStream(archive, blockBytes: 4096)
    var blocks: [ArchiveBlock] = []
    while let block = try stream.next() {
      #expect(block.ordinal == blocks.count)
      #expect(block.bytes.count <= 4096 || block.members.count == 1)
      blocks.append(block)
    }
    #expect(blocks.flatMap { $0.members.map { $0.path } } == TestArchives.files.map { $0.0 })
    #expect(blocks.flatMap { $0.bytes } == TestArchives.files.flatMap { $0.1 })
    #expect(try stream.next() == nil)

    let shared = try ArchiveStream(archive, blockBytes: 4096)
    let drawn = Drawn()
    DispatchQueue.concurrentPerform(iterations: threads) { _ in
      while let block = try? shared.next() { drawn.add(block) }
    }
    #expect(drawn.sortedPaths == TestArchives.files.map { $0.0 })
  }

  @Test("a gzip file is an archive of one member, named without .gz")
  func gzip() throws {
    let folder = try TemporaryFolder()
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 >> 7) }
    let archive = try Archive(path: folder.file("train-images-idx3-ubyte.gz", TestArchives.gzip(content)))
    #expect(archive.kind == .gzip)
    let members = try archive.members()
    #expect(members.map { $0.path } == ["train-images-idx3-ubyte"])
    #expect(members.map { $0.size } == [300_000])
    #expect(try ArchiveReader(archive).read(members[0]) == content)
    // gzip permits concatenated streams and zero padding.
    let parts = TestArchives.gzip(Array(content[..<1000])) + TestArchives.gzip(Array(content[1000...]))
    let joined = try Archive(path: folder.file("two.gz", parts + [0, 0, 0]))
    #expect(try ArchiveReader(joined).read(joined.members()[0]) == content)
    #expect(throws: ArchiveError.self) {
      try Archive(path: folder.file("odd.gz", parts + [1])).members()
    }
  }

  @Test("long and foreign names come through pax and GNU headers in UTF-8")
  func longNames() throws {
    let folder = try TemporaryFolder()
    let long = (0..<40).map { "folder\($0)/" }.joined() + "ä.png"
    let tar =
      TestArchives.pax(path: "größe/猫.png") + TestTar.entry("short", [1])
      + TestArchives.gnuLongName(long) + TestTar.entry("short", [2]) + TestTar.entry("é", [3])
      + TestTar.end
    let archive = try Archive(path: folder.file("a.tar", tar))
    let members = try archive.members()
    #expect(members.map { $0.path } == ["größe/猫.png", long, "é"])
    let reader = try ArchiveReader(archive)
    for i in 0..<3 { #expect(try reader.read(members[i]) == [UInt8(i + 1)]) }
    for flags in [0x800, 0] {  // with and without the mark of a name in UTF-8
      let bytes = TestArchives.zip([("größe/猫.png", [1])], flags: flags)
      let zip = try Archive(path: folder.file("a.zip", bytes))
      #expect(try zip.members().map { $0.path } == ["größe/猫.png"])
    }
  }

  @Test("a name that is not UTF-8 is repaired")
  func latinName() throws {
    let folder = try TemporaryFolder()
    var tar = TestTar.tar([("caf@.png", [1])])
    tar[3] = 0xE9
    tar.replaceSubrange(148..<156, with: Array("        ".utf8))
    let sum = String(tar[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
    tar.replaceSubrange(148..<155, with: Array("00000\(sum)\0".utf8).suffix(7))
    let archive = try Archive(path: folder.file("a.tar", tar))
    #expect(try archive.members().map { $0.path } == ["caf\u{FFFD}.png"])
  }

  @Test("what is no archive is told from what is")
  func detection() throws {
    let folder = try TemporaryFolder()
    for content: [UInt8] in [[], [0], Array("PK".utf8), [UInt8](repeating: 0, count: 2048), [0x1F, 0x8B]] {
      let path = try folder.file("a.tar", content)
      #expect(throws: ArchiveError.notAnArchive(path: path)) { try Archive(path: path) }
      #expect(!Archive.isArchive(path))
    }
    #expect(!Archive.isArchive(folder.url.path))
    let missing = folder.url.path + "/missing"
    #expect(
      throws: ArchiveError.notReadable(path: missing, reason: "No such file or directory")
    ) { try Archive(path: missing) }
    #expect(Archive.isArchive(try folder.file("b", Self.kinds[2].1)))
  }

  @Test("a tar.gz unpacks to a tar with the same members, beside and renamed, and is used again")
  func unpacked() throws {
    let folder = try TemporaryFolder()
    let archive = try Archive(path: folder.file("a.tar.gz", Self.kinds[1].1))
    let target = folder.url.path + "/copy.tar"
    let copy = try archive.unpackedTar(at: target)
    #expect(copy.kind == .tar)
    #expect(try folder.names == ["a.tar.gz", "copy.tar"])
    #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: target))) == Self.kinds[0].1)
    #expect(try archive.unpackedTar(at: target) == copy)
    let cut = try Archive(path: folder.file("cut.tar.gz", Array(Self.kinds[1].1.dropLast(3))))
    #expect(throws: ArchiveError.self) { try cut.unpackedTar(at: folder.url.path + "/cut.tar") }
    #expect(try folder.names == ["a.tar.gz", "copy.tar", "cut.tar.gz"])
    #expect(throws: ArchiveError.self) { try archive.unpackedTar(at: folder.url.path + "/none/copy.tar") }
  }
}

/// A collection of blocks from several threads.
final class Drawn: Sendable {
  private let blocks = Mutex<[Int: [String]]>([:])

  func add(_ block: ArchiveBlock) {
    blocks.withLock { $0[block.ordinal] = block.members.map { $0.path } }
  }

  var sortedPaths: [String] {
    blocks.withLock { blocks in blocks.keys.sorted().flatMap { blocks[$0] ?? [] } }
  }
}
