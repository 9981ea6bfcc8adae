import Settings

/// The unsuccessful end of a command: the message and the exit code.
struct CommandFailure: Error {
  /// The exit codes that scripts may rely on.
  enum Status: Int32 {
    /// The work is done, and its answer is no.
    ///
    /// Examples: a comparison with failed trials, no student that fits, a trial that gave other bytes when
    /// run again, two models that differ.
    case negative = 1
    case usage = 64
    case badInput = 65
    case missing = 69
    case `internal` = 70
    case interrupted = 130
    case terminated = 143
  }

  let status: Status
  let message: String

  init(_ status: Status, _ message: String) {
    self.status = status
    self.message = message
  }

  /// Wraps an error of a module, whose description already names the place, the problem and the remedy.
  ///
  /// `status` is used if the error has no status itself, whatever places have been added to it.
  init(_ status: Status, _ error: any Error) {
    self.init(error.underlying(as: (any StatusGiving).self)?.status ?? status, "\(error)")
  }

  /// The failure of a network with outputs that are not finite: any result made from them would be
  /// meaningless.
  static func outputsNotFinite(of model: String, on images: String) -> CommandFailure {
    CommandFailure(
      .badInput,
      "\(model): its outputs on \(images) are not finite numbers; look at its weights, and at the normalization of pixels "
        + "(mean, std)")
  }
}

/// Runs part of a command and turns an error into a failure with this status, or with the error's own.
func failing<R>(_ status: CommandFailure.Status, _ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch let failure as CommandFailure {
    throw failure
  } catch {
    throw CommandFailure(status, error)
  }
}
