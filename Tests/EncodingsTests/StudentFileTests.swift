import Encodings
import Foundation
import Graphs
import Ops
import Settings
import Tensors
import TestSupport
import Testing

@Suite("Student file")
struct StudentFileTests {
  private static let networks = ["mlp", "lenet5", "resnet8", "mobilenet-cifar", "squeezenet-cifar"]

  @Test(
    "A student read back equals the one written, and is written to the same bytes again", arguments: networks,
    [false, true])
  func roundTrip(name: String, coded: Bool) throws {
    let model = try Students.encoded(name)
    let bytes = try StudentFile.bytes(of: model, coded: coded)
    let copy = try StudentFile.read(bytes: bytes, file: "s")
    #expect(copy == model)
    #expect(
      copy.graph.parameters.mapValues { $0.value.values.map(\.bitPattern) }
        == model.graph.parameters.mapValues { $0.projected.values.map(\.bitPattern) })
    #expect(try StudentFile.bytes(of: copy, coded: coded) == bytes)
  }

  @Test("What is written is the projection of the masters")
  func masters() throws {
    var model = try Students.dense("mlp")
    let masters = try #require(model.graph.parameters["linear1.weight"]?.value)
    let sparse = Sparse(mask: Students.mask(masters))
    model.graph.parameters["linear1.weight"] = Parameter(masters, encoding: sparse)
    let copy = try StudentFile.read(bytes: StudentFile.bytes(of: model, coded: true), file: "s")
    #expect(
      copy.graph.parameters["linear1.weight"]?.value == model.graph.parameters["linear1.weight"]?.projected)
    #expect(copy.graph.parameters["linear1.weight"]?.encoding.isEqual(to: sparse) == true)
  }

  @Test("A file on disk is told by its content, whatever its name")
  func onDisk() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "student-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let model = try Students.encoded("lenet5")
    let dense = try Students.dense("lenet5")
    let (student, teacher) = (folder.path + "/a.safetensors", folder.path + "/b.condensed")
    try StudentFile.write(model, to: student, coded: true)
    try ModelFile.write(dense, to: teacher)
    #expect(try AnyModelFile.read(student) == model)
    #expect(try AnyModelFile.read(teacher) == dense)
    #expect(
      errorMessage { _ = try ModelFile.read(student, catalogue: .standard) }
        == "\(student): not a model: expected safetensors, found a student file; models come from `condense train`"
    )
    #expect(
      errorMessage { _ = try AnyModelFile.read("/dev/zero") }
        == "/dev/zero: not a model: expected safetensors or a student file, found unknown data; "
        + "models come from `condense train`")
  }

  @Test("Safetensors refuse encodings by name")
  func safetensors() throws {
    let model = try Students.encoded("lenet5")
    #expect(
      errorMessage { _ = try ModelFile.bytes(of: model, file: "m") }
        == "m: \"conv1.weight\" has the encoding sparse, expected dense floats, which is all that safetensors hold; "
        + "write a student file (.condensed)")
  }

  @Test("The bytes are those of the tensors and a small rest", arguments: networks)
  func sizes(name: String) throws {
    let model = try Students.encoded(name)
    let sizes = try StudentFile.sizes(of: model)
    for (coded, bytes) in [(false, sizes.fileBytes), (true, sizes.codedBytes)] {
      let tensors = try StudentFile.tensorSizes(of: model, coded: coded)
      #expect(tensors.map(\.name).sorted() == model.graph.parameters.keys.sorted())
      let bits = tensors.reduce(0) { $0 + $1.bits }
      let rest = bytes - (bits + 7) / 8
      // The symbols of each stream take at least their entropy, coded or not.
      #expect(tensors.allSatisfy { $0.entropyBits <= Double($0.bits) && $0.entropyBits >= 0 })
      #expect(
        rest > 0 && rest < 400 + 40 * model.graph.nodes.count, "\(name) takes \(rest) bytes beside tensors")
    }
    #expect(sizes.codedBytes < sizes.fileBytes)
  }

  @Test("Plain floats take 32 bits an element and a few for the stream")
  func dense() throws {
    let model = try Students.dense("mlp")
    for tensor in try StudentFile.tensorSizes(of: model, coded: false) {
      // One bit for the number of symbols, and one for the coding of each of the four 8-bit planes.
      #expect(tensor.bits == 32 * tensor.shape.count + 5)
      #expect(tensor.encoding == "dense" && tensor.nonZeros == tensor.shape.count)
    }
    #expect(try StudentFile.sizes(of: model).fileBytes < 209_514 * 4 + 600)
  }

  @Test("A tenth of the weights, as floats with four to five bits for each gap, takes less than an eighth")
  func sparse() throws {
    var model = try Students.dense("lenet5")
    for name in model.graph.parameters.keys.filter({ $0.hasSuffix(".weight") }) {
      guard let value = model.graph.parameters[name]?.value else { continue }
      model.graph.parameters[name]?.encoding = Sparse(mask: Students.mask(value))
    }
    let sizes = try StudentFile.sizes(of: model)
    #expect(sizes.fileBytes < 431_080 * 4 / 8)
    #expect(sizes.codedBytes < sizes.fileBytes)
  }

  @Test("A model that reading would refuse is not written")
  func refusesToWrite() throws {
    var model = try Students.encoded("lenet5")
    model.graph.parameters["logits.bias"]?.value.values[1] = .nan
    #expect(
      errorMessage { _ = try StudentFile.bytes(of: model, coded: true, file: "s") }
        == "s: logits.bias: holds a value that is not finite")
  }

  @Test("Fourteen million elements are written and read in less than twenty seconds of a processor")
  func speed() throws {
    let model = try Students.encoded("vgg16-cifar")
    let began = clock()
    let bytes = try StudentFile.bytes(of: model, coded: true)
    let copy = try StudentFile.read(bytes: bytes, file: "s")
    let seconds = Double(clock() - began) / Double(CLOCKS_PER_SEC)
    #expect(copy == model)
    #expect(seconds < 20)
  }
}
