import Foundation
import Settings
import Testing

/// Exports with a failing compiler, a full disk or wrong arguments.
@Suite("condense export under bad conditions")
struct ExportAbuseTests {
  /// Creates a tool with a float network, `m.safetensors`, and its images, `glyphs`.
  private func made() throws -> Tool {
    let tool = try Tool()
    try tool.makeGlyphs(count: 100)
    let run = try tool.run(
      "train", "lenet300", "--data", "glyphs", "--out", "m.safetensors", "--epochs", "1", "--threads", "1")
    try #require(run.status == 0, "\(run.errors)")
    return tool
  }

  private func put(_ script: String, _ name: String, in tool: Tool) throws {
    let path = tool.folder + "/" + name
    try script.write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  @Test(
    "A compiler that is none, or makes what does not run or gives nothing, is told; nothing is left behind")
  func compilers() throws {
    let tool = try made()
    try FileManager.default.createDirectory(
      atPath: tool.folder + "/temporary files", withIntermediateDirectories: false)
    let made = "while [ $# -gt 1 ]; do [ \"$1\" = -o ] && out=$2; shift; done\n"
    try put(
      "#!/bin/sh\n\(made)printf '#!/bin/sh\\n: > \"$2\"\\n' > \"$out\"; chmod +x \"$out\"\n", "emptycc",
      in: tool)
    try put("#!/bin/sh\nexit 0\n", "nothingcc", in: tool)
    for (compiler, status, words) in [
      ("./emptycc", Int32(70), "wrote 0 bytes of outputs, expected"),
      ("./nothingcc", 70, "cannot be started: no such file"),
      ("/no/such/cc", 69, "CC says \"/no/such/cc\", which is no program"), ("gcc -O1", 0, ""),
    ] {
      let run = try tool.run(
        [
          "export", "m.safetensors", "--format", "c", "--out", "out-\(status)-\(words.count)", "--verify",
          "glyphs",
        ],
        environment: ["CC": compiler, "TMPDIR": tool.folder + "/temporary files"])
      #expect(run.status == status, "\(compiler): \(run.errors)")
      #expect(words.isEmpty || run.errors.contains(words), "\(compiler): \(run.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: tool.folder + "/temporary files").isEmpty)
    let run = try tool.run(
      ["export", "m.safetensors", "--format", "c", "--out", "nowhere", "--verify", "glyphs"],
      environment: ["TMPDIR": "/no/such/folder"])
    #expect(run.status == 70)
    #expect(run.errors.contains("no such file; TMPDIR names the folder for such files"), "\(run.errors)")
  }

  @Test(
    "An export that is interrupted while it verifies leaves no temporary files", arguments: [SIGINT, SIGTERM])
  func interrupted(number: Int32) throws {
    let tool = try made()
    let temporary = tool.folder + "/temporary"
    try FileManager.default.createDirectory(atPath: temporary, withIntermediateDirectories: false)
    try put("#!/bin/sh\n: > started\nsleep 5\n", "slowcc", in: tool)
    let process = try tool.start(
      ["export", "m.safetensors", "--format", "c", "--out", "out", "--verify", "glyphs"],
      environment: ["CC": "./slowcc", "TMPDIR": temporary])
    let end = Date.now + 60
    while !tool.exists("started"), process.isRunning, Date.now < end { Thread.sleep(forTimeInterval: 0.05) }
    #expect(!(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty))
    kill(process.processIdentifier, number)
    process.waitUntilExit()
    #expect(process.terminationStatus == 128 + number)
    #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)
  }

  @Test("Two networks with names of their own fit into one program, in C and in C++", .timeLimit(.minutes(3)))
  func twoNetworks() throws {
    let tool = try made()
    for name in ["first", "second"] {
      let run = try tool.run(
        "export", "m.safetensors", "--format", "c", "--name", name, "--out", name, "--json")
      #expect(run.status == 0, "\(run.errors)")
      let files = try run.json.required("files", of: "an export").list("files").map { $0["name"] }
      #expect(files == ["\(name).h".node, "\(name).c".node, "main.c".node])
    }
    let source = """
      #include "first/first.h"
      #include "second/second.h"
      int main(void) { first_input()[0] = 1; second_input()[0] = 1; return first_run()[0] != second_run()[0]; }
      """
    for (file, compiler) in [("both.c", "cc"), ("both.cpp", "c++")] {
      try source.write(toFile: tool.folder + "/" + file, atomically: true, encoding: .utf8)
      try put(
        "cc -c first/first.c second/second.c && \(compiler) \(file) first.o second.o -o both -lm && ./both\n",
        "link",
        in: tool)
      let process = Process()
      process.executableURL = URL(filePath: "/bin/sh")
      process.arguments = ["link"]
      process.currentDirectoryURL = URL(filePath: tool.folder)
      try process.run()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(compiler)")
    }
    let bad = try tool.run("export", "m.safetensors", "--format", "onnx", "--name", "../x", "--out", "bad")
    #expect(bad.status == 64)
    #expect(!tool.exists("x.onnx"))
  }
}
