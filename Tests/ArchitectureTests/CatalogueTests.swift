import Datasets
import Foundation
import Graphs
import Networks
import Settings
import Tensors
import Testing

@Suite("Catalogues")
struct CatalogueTests {
  @Test("A catalogue lists what its folder declares, and nothing else", arguments: Catalogue.all)
  func catalogueIsFolder(catalogue: Catalogue) throws {
    let declared = try catalogue.declared().map(\.type)
    let listed = try catalogue.listed().filter { !catalogue.foreign.contains($0) }
    #expect(!declared.isEmpty)
    #expect(listed.sorted() == declared.sorted())
  }

  @Test("Each thing has the file of its name", arguments: Catalogue.all.filter { !$0.sharesFiles })
  func oneFileEach(catalogue: Catalogue) throws {
    for (type, file) in try catalogue.declared() {
      #expect(file.hasSuffix("/\(type).swift"), "\(file) declares \(type)")
    }
  }

  @Test(
    "Declarations are read with their protocols, on one line or several",
    arguments: [
      ("public struct Flip: Augmentation {", ["Augmentation"]),
      ("  final class Flip:\n    Base, Augmentation\n  where A: B {", ["Base", "Augmentation"]),
      ("enum Flip {}", []),
    ])
  func declarations(source: String, inherited: [String]) throws {
    let types = Repository.types(in: "/// struct Not: Augmentation {\nlet x = 1\n" + source)
    #expect(types.map(\.name) == ["Flip"])
    #expect(types.first?.inherited == Set(inherited))
  }
}

@Suite("What users read and add to")
struct SpecificationTests {
  @Test("Every spec of Teachers/ makes a network of its classes")
  func teachers() throws {
    let files = try Repository.files("Teachers", extension: "yaml")
    #expect(!files.isEmpty)
    for file in files {
      let spec = try NetworkSpec(contentsOf: Repository.root.appending(path: file).path)
      #expect(try spec.build().classCount == spec.classes, "\(file)")
      #expect(file == "Teachers/\(spec.name).yaml", "\(file) calls itself \(spec.name)")
    }
  }

  @Test("Every manifest of Data/ is read, and its augmentations exist")
  func manifests() throws {
    let files = try Repository.files("Data", extension: "yaml")
    #expect(!files.isEmpty)
    for file in files {
      let manifest = try DataManifest(contentsOf: Repository.root.appending(path: file).path)
      #expect(Set(manifest.augmentations).isSubset(of: AugmentationCatalogue.names), "\(file)")
      #expect(file == "Data/\(manifest.name).yaml", "\(file) calls itself \(manifest.name)")
    }
  }
}
