/// A layout of buffers in one piece of memory, in which no two overlap that live at the same time.
///
/// Buffers are placed one after another, each at the lowest offset that is free during its life (greedy by
/// size; Pisarchyk, Lee, "Efficient memory management for deep neural net inference", 2020,
/// arXiv:2001.03288). Several orders are tried, and the smallest arena is taken. O(n² log n) for n buffers.
public struct Arena: Sendable, Equatable {
  /// A piece of memory that is needed for a range of steps.
  public struct Buffer: Sendable, Equatable {
    /// The size in bytes.
    public let byteCount: Int
    /// The first and the last step that need the buffer.
    public let life: ClosedRange<Int>

    /// Makes a piece of memory.
    public init(byteCount: Int, life: ClosedRange<Int>) {
      self.byteCount = byteCount
      self.life = life
    }
  }

  /// The first byte of each buffer.
  public let offsets: [Int]
  /// The size of the arena in bytes.
  public let byteCount: Int

  /// Places buffers at multiples of `alignment` bytes, to which their sizes are rounded up.
  public init(_ buffers: [Buffer], alignment: Int) {
    let sizes = buffers.map { ($0.byteCount + alignment - 1) / alignment * alignment }
    let bySize = buffers.indices.sorted {
      (-sizes[$0], buffers[$0].life.lowerBound, $0) < (-sizes[$1], buffers[$1].life.lowerBound, $1)
    }
    let byLife = buffers.indices.sorted {
      (-buffers[$0].life.count, -sizes[$0], $0) < (-buffers[$1].life.count, -sizes[$1], $1)
    }
    let byTime = buffers.indices.sorted {
      (buffers[$0].life.lowerBound, -sizes[$0], $0) < (buffers[$1].life.lowerBound, -sizes[$1], $1)
    }
    var best: (offsets: [Int], count: Int)?
    for order in [bySize, byLife, byTime] {
      let offsets = Arena.place(order, buffers, sizes)
      let count = buffers.indices.map { offsets[$0] + sizes[$0] }.max() ?? 0
      if count < best?.count ?? .max { best = (offsets, count) }
    }
    offsets = best?.offsets ?? []
    byteCount = best?.count ?? 0
  }

  private static func place(_ order: [Int], _ buffers: [Buffer], _ sizes: [Int]) -> [Int] {
    var offsets = Array(repeating: 0, count: buffers.count)
    var placed: [Int] = []
    for index in order {
      let neighbours = placed.filter { buffers[$0].life.overlaps(buffers[index].life) }
        .sorted { offsets[$0] < offsets[$1] }
      var offset = 0
      for neighbour in neighbours {
        if offset + sizes[index] <= offsets[neighbour] { break }
        offset = max(offset, offsets[neighbour] + sizes[neighbour])
      }
      offsets[index] = offset
      placed.append(index)
    }
    return offsets
  }

  /// The most bytes that live at the same time; no arena is smaller.
  ///
  /// O(n + steps).
  public static func lowerBound(_ buffers: [Buffer]) -> Int {
    guard let last = buffers.map(\.life.upperBound).max() else { return 0 }
    var changes = Array(repeating: 0, count: last + 2)
    for buffer in buffers {
      changes[buffer.life.lowerBound] += buffer.byteCount
      changes[buffer.life.upperBound + 1] -= buffer.byteCount
    }
    var (living, most) = (0, 0)
    for change in changes {
      living += change
      most = max(most, living)
    }
    return most
  }
}
