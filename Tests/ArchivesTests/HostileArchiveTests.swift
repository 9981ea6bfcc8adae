import Foundation
import TestSupport
import Testing

@testable import Archives

@Suite("Hostile archives")
struct HostileArchiveTests {
  @Test("links, devices and paths that lead elsewhere are passed over, with the reason")
  func refused() throws {
    let folder = try TemporaryFolder()
    let entries: [[UInt8]] = [
      TestTar.entry("a/", type: "5"), TestTar.entry("a/1.png", [1]),
      TestTar.entry("/etc/passwd", [2]), TestTar.entry("a/../../b", [3]),
      TestTar.entry("..", [4]),
      TestTar.entry("./a//./2.png", [5]), TestTar.entry("a/1.png", [6]),
      TestTar.entry("a/link", type: "2", link: "/etc/passwd"),
      TestTar.entry("a/hard", type: "1", link: "a/1.png"), TestTar.entry("a/device", type: "3"),
      TestTar.entry("a/\u{7}.png", [7]), TestTar.entry("..a/b..png", [8]), TestTar.end,
    ]
    let archive = try Archive(path: folder.file("a.tar", Array(entries.joined())))
    let index = try archive.index()
    #expect(index.members.map { $0.path } == ["a/1.png", "a/2.png", "..a/b..png"])
    #expect(
      index.refused == [
        RefusedMember(path: "/etc/passwd", reason: .absolutePath),
        RefusedMember(path: "a/../../b", reason: .parentPath), RefusedMember(path: "..", reason: .parentPath),
        RefusedMember(path: "a/1.png", reason: .duplicate), RefusedMember(path: "a/link", reason: .link),
        RefusedMember(path: "a/hard", reason: .link, target: "a/1.png"),
        RefusedMember(path: "a/device", reason: .special),
        RefusedMember(path: "a/\u{7}.png", reason: .unusablePath),
      ])
    let stream = try ArchiveStream(archive)
    while try stream.next() != nil {}
    #expect(stream.refused == index.refused)
    let reader = try ArchiveReader(archive)
    #expect(try index.members.map { try reader.read($0) } == [[1], [5], [8]])
  }

  @Test("an archive cut anywhere is an error", arguments: 0..<3)
  func cut(kind: Int) throws {
    let folder = try TemporaryFolder()
    let small = [("a/1", [UInt8](repeating: 7, count: 600)), ("a/2", [1, 2, 3])]
    let file = [
      TestTar.tar(small), TestArchives.gzip(TestTar.tar(small)), TestArchives.zip(small),
    ][kind]
    // A tar remains readable as long as one block of zeros is left at its end.
    let needed = kind == 0 ? file.count - 512 : file.count
    for count in stride(from: needed - 1, to: 0, by: kind == 2 ? -1 : -37) {
      let path = try folder.file("cut", Array(file[..<count]))
      #expect(throws: ArchiveError.self, "\(count) of \(file.count) bytes") {
        try Archive(path: path).forEachMember { _, _ in }
      }
    }
    #expect(throws: Never.self) {
      try Archive(path: folder.file("whole", Array(file[..<needed]))).forEachMember { _, _ in }
    }
  }

  @Test("a tar that ends after a whole member, without its end mark, is an error")
  func endMark() throws {
    let folder = try TemporaryFolder()
    let tar = Array(TestTar.tar([("a", [1]), ("b", [2])]).dropLast(1024))
    for file in [tar, TestArchives.gzip(tar)] {
      let archive = try Archive(path: folder.file("a", file))
      #expect(throws: ArchiveError.self) { try archive.forEachMember { _, _ in } }
      #expect(throws: ArchiveError.self) { try archive.index() }
    }
  }

  @Test("a flipped bit inside gzip or zip content is an error", arguments: [1, 2])
  func flipped(kind: Int) throws {
    let folder = try TemporaryFolder()
    let small = [("a/1", [UInt8](repeating: 7, count: 600))]
    let file = kind == 1 ? TestArchives.gzip(TestTar.tar(small)) : TestArchives.zip(small)
    for at in stride(from: kind == 1 ? 600 : 40, to: kind == 1 ? file.count : 600, by: 41) {
      var bytes = file
      bytes[at] ^= 0x10
      let path = try folder.file("flipped", bytes)
      #expect(throws: ArchiveError.self, "byte \(at)") {
        try Archive(path: path).forEachMember { _, _ in }
      }
    }
  }

  @Test("a member beyond the limit is refused, declared or not")
  func limits() throws {
    let folder = try TemporaryFolder()
    let content = [UInt8](repeating: 1, count: 5000)
    let tar = try folder.file("a.tar", TestTar.tar([("big", content)]))
    let limited = try Archive(path: tar, memberLimit: 4999)
    let error = ArchiveError.memberTooLarge(path: tar, member: "big", limitBytes: 4999)
    #expect(throws: error) { try limited.forEachMember { _, _ in } }
    #expect(throws: error) { try ArchiveReader(limited).read(limited.members()[0]) }
    let gzip = try Archive(path: folder.file("big.gz", TestArchives.gzip(content)), memberLimit: 4999)
    #expect(throws: ArchiveError.self) { try gzip.members() }
    #expect(throws: ArchiveError.self) { try gzip.forEachMember { _, _ in } }
  }

  @Test("a size that is not there takes no memory and is an error")
  func declaredSize() throws {
    let folder = try TemporaryFolder()
    let huge = TestTar.entry("huge", [1, 2, 3], size: "77777777777") + TestTar.end
    let archive = try Archive(path: folder.file("a.tar", huge), memberLimit: .max)
    #expect(throws: ArchiveError.self) { try archive.forEachMember { _, _ in } }
    #expect(throws: ArchiveError.self) { try archive.members() }
  }

  @Test("an archive replaced after it was indexed is an error, not other bytes")
  func replaced() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("a", TestArchives.zip([("a", [1]), ("b", [2])]))
    let archive = try Archive(path: path)
    let members = try archive.members()
    _ = try folder.file("a", TestArchives.zip([("a", [1]), ("c", [2])]))
    #expect(throws: ArchiveError.self) { try ArchiveReader(archive).read(members[1]) }
    _ = try folder.file("a", TestArchives.gzip([1]))
    #expect(throws: ArchiveError.self) { try ArchiveStream(archive) }
  }

  @Test("1,000 mutated archives are read or refused")
  func mutations() throws {
    let folder = try TemporaryFolder()
    let small = [("a/1.png", [UInt8](repeating: 9, count: 700)), ("b/2.png", Array(0..<100))]
    let tar = TestArchives.pax(path: "c/3.png") + TestTar.tar(small)
    let files = [tar, TestArchives.gzip(tar), TestArchives.zip(small)]
    var state: UInt64 = 1
    func draw(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var refused = 0
    for i in 0..<1_000 {
      var bytes = files[i % 3]
      for _ in 0...draw(3) {
        let at = draw(bytes.count)
        if draw(4) == 0 { bytes.remove(at: at) } else { bytes[at] = UInt8(draw(256)) }
      }
      do {
        try Archive(path: folder.file("mutated", bytes), memberLimit: 1 << 20).forEachMember {
          member, bytes in
          #expect(member.size == bytes.count)
          #expect(!member.path.isEmpty && !member.path.hasPrefix("/") && !member.path.hasPrefix("../"))
        }
      } catch let error as ArchiveError {
        refused += 1
        #expect(error.description.contains("mutated"))
      }
    }
    #expect(refused > 300)
  }

  @Test("every error says where, what was expected and found, and what to do")
  func descriptions() {
    let errors: [(ArchiveError, String)] = [
      (
        .notReadable(path: "a.tar", reason: "Permission denied"),
        "a.tar: expected a file to read, found: Permission denied; check the path and its permissions"
      ),
      (
        .notAnArchive(path: "a.rar"),
        "a.rar: expected a tar, tar.gz, zip or gz archive, found other content; repack it as one of these"
      ),
      (
        .damaged(path: "a.tar", member: "b/c.png", reason: "Truncated tar archive"),
        "a.tar: b/c.png: expected a sound archive, found: Truncated tar archive; fetch it again"
      ),
      (
        .damaged(path: "a.tar", member: nil, reason: "no end"),
        "a.tar: expected a sound archive, found: no end; fetch it again"
      ),
      (
        .memberTooLarge(path: "a.zip", member: "b", limitBytes: 9),
        "a.zip: b: expected at most 9 bytes unpacked, found more; unpack the archive into a folder, or remove it"
      ),
      (
        .notWritable(path: "c.tar", reason: "No space left on device"),
        "c.tar: cannot be written: No space left on device; check free space and permissions"
      ),
    ]
    for (error, text) in errors { #expect(error.description == text) }
  }
}
