/// Places regions in as little memory as a first-fit over lifetimes finds.
public enum MemoryPlanner {
  /// The offset of every region and the size of the whole; regions alive together never overlap.
  public static func offsets(
    _ regions: [(bytes: Int, lifetime: ClosedRange<Int>)]
  ) -> (offsets: [Int], total: Int) {
    var offsets = Array(repeating: 0, count: regions.count)
    var placed: [Int] = []
    var total = 0
    let order = regions.indices.sorted {
      (regions[$0].bytes, $1) > (regions[$1].bytes, $0)
    }
    for index in order {
      let region = regions[index]
      var offset = 0
      let rivals = placed.filter { regions[$0].lifetime.overlaps(region.lifetime) }
        .sorted { offsets[$0] < offsets[$1] }
      for rival in rivals {
        if offset + region.bytes <= offsets[rival] { break }
        offset = max(offset, offsets[rival] + regions[rival].bytes)
      }
      offsets[index] = offset
      placed.append(index)
      total = max(total, offset + region.bytes)
    }
    return (offsets, total)
  }
}
