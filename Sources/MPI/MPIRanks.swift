#if MPI
  import CMPI
  public import Training

  /// The ranks that `mpirun` or `srun` started, over MPI's messages between two processes.
  ///
  /// There is one a process, made on the thread that trains, which alone sends and receives.
  public final class MPIRanks: Ranks {
    /// The number of this process.
    public let rank: Int
    /// The number of processes.
    public let count: Int

    /// Starts MPI; throws if it cannot be started.
    public init() throws {
      var (rank, count): (Int32, Int32) = (0, 1)
      let words = unsafe condense_mpi_start(&rank, &count)
      (self.rank, self.count) = (Int(rank), Int(count))
      try unsafe check(words)
    }

    /// Sends bytes to the process after this one.
    public func send(_ bytes: RawSpan) throws {
      let next = Int32((rank + 1) % count)
      try unsafe bytes.withUnsafeBytes { source in
        try unsafe check(condense_mpi_send(source.baseAddress, source.count, next))
      }
    }

    /// Receives bytes from the process before this one.
    public func receive(_ bytes: inout MutableRawSpan) throws {
      let before = Int32((rank + count - 1) % count)
      try unsafe bytes.withUnsafeMutableBytes { target in
        try unsafe check(condense_mpi_receive(target.baseAddress, target.count, before))
      }
    }

    /// Waits for all processes, and ends MPI.
    public func finish() { condense_mpi_finish() }

    /// Ends all processes with an exit code.
    public func abort(_ code: Int32) { condense_mpi_abort(code) }

    private func check(_ words: UnsafePointer<CChar>?) throws {
      guard let words = unsafe words else { return }
      throw TrainingError.rankLost(rank: rank, reason: unsafe String(cString: words))
    }
  }
#endif
