import Foundation
import Settings
import TestSupport
import Testing

@testable import Simulation

@Suite("Listings of tools")
struct ListingTests {
  @Test("a disassembly gives addresses, mnemonics and register lists; data between code is left out")
  func disassembly() {
    let listing = Disassembly(
      """
      fw.elf:     file format elf32-littlearm
      000000bc <hand_run>:
        bc:\tb5f0      \tpush\t{r4, r5, r6, r7, lr}
        be:\te8bd 87f0 \tldmia.w\tsp!, {r4-r10, pc}
        c2:\t4a05      \tldr\tr2, [pc, #20]\t; (d8 <hand_run+0x1c>)
        c4:\te9d1 2300 \tldrd\tr2, r3, [r1]
        c8:\tbf00      \tnop
        d8:\t20000000 \t.word\t0x20000000
      """)
    #expect(listing.instructions.map(\.address) == [0xBC, 0xBE, 0xC2, 0xC4, 0xC8])
    #expect(listing.instructions.map(\.mnemonic) == ["push", "ldmia", "ldr", "ldrd", "nop"])
    #expect(listing.instructions.map(\.registerCount) == [5, 8, 2, 2, 2])
    #expect(listing.instructions.map(\.namesProgramCounter) == [false, true, false, false, false])
  }

  @Test(
    "the first rule that covers an instruction counts; loads behind loads are cheaper; what nothing covers takes one"
  )
  func costs() throws {
    let rules = try [InstructionCost](
      reading: SettingsNode(
        yaml: """
          - {instructions: [push, "ldm*", "ldrd*"], cycles: 1, perRegister: 1, withProgramCounter: 3, source: s}
          - {instructions: ["ldr*"], cycles: 2, afterSame: 1, source: s}
          """, source: "test"), key: "cycles")
    func line(_ mnemonic: String, _ operands: String) -> Disassembly.Instruction {
      Disassembly.Instruction(address: 0, mnemonic: mnemonic, operands: operands)
    }
    let costs = CycleTable(rules: rules).cycles([
      line("push", "{r4, r5}"), line("ldr", "r0, [r1]"), line("ldrb", "r0, [r1]"), line("add", "r0, r1"),
      line("ldrh", "r0, [r1]"), line("ldrd", "r0, r1, [r2]"), line("ldmia", "sp!, {r4-r7, pc}"),
    ])
    #expect(costs == [3, 2, 1, 1, 2, 3, 9])
  }

  @Test("sections, symbols and overflows are read as GNU tools print them")
  func linker() {
    let sizes = LinkListing.sections(
      """
      fw.elf  :
      section                    size      addr
      .data                         6   8388864
      .text                       420         0
      .bss                         20   8388870
      Total                      4033
      """)
    #expect(sizes == [".data": 6, ".text": 420, ".bss": 20])
    #expect(
      LinkListing.symbols("00800114 N _end\n000000d0 T condense_fill\n         U memcpy\n") == [
        "_end": 0x800114, "condense_fill": 0xD0,
      ])
    let overflows = LinkListing.overflows(
      """
      ld: fw.elf section `.text' will not fit in region `FLASH'
      ld: region `FLASH' overflowed by 120 bytes
      ld: region `data' overflowed by 8 bytes
      """)
    #expect(
      overflows.map(\.description) == [
        "flash: 120 bytes too many (linked)", "RAM: 8 bytes too many (linked)",
      ])
  }

  @Test("a simulator's report that makes no sense is refused")
  func reports() throws {
    let report = try RunReport("call 12 3 1\ncall 14 3 1\nstep 0 20\nstack 7\nend\n")
    #expect(report.cycles == [12, 14])
    #expect(report.stepCycles(2) == [20, 0])
    #expect(report.stackBytes == 7)
    for text in ["call x\n", "call -1\n", "step 1\n", "what 1\n", "call 1e300\n"] {
      #expect(errorMessage { _ = try RunReport(text) }.hasPrefix("the simulator's report:"), "\(text)")
    }
  }
}
