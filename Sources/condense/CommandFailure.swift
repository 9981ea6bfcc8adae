import Settings

/// An end of a command that is not success: what to say and with which code to exit.
struct CommandFailure: Error {
  /// The exit codes that scripts may rely on.
  enum Status: Int32 {
    /// The work is done, and its answer is no: a comparison has its ranking, but some of its trials failed; no student fits; a
    /// trial that was run again gave other bytes; two models part.
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

  /// Wraps an error of a module, whose description already says where, what and what to do; `status` is for errors
  /// that have none of their own, whatever places they were put at.
  init(_ status: Status, _ error: any Error) {
    self.init(error.underlying(as: (any StatusGiving).self)?.status ?? status, "\(error)")
  }

  /// The network said what is no number: nothing that is made of it would mean anything.
  static func outputsNotFinite(of model: String, on images: String) -> CommandFailure {
    CommandFailure(
      .badInput,
      "\(model): its outputs on \(images) are not finite numbers; look at its weights, and at the normalization of pixels "
        + "(mean, std)")
  }
}

/// Runs a piece of a command; what it throws becomes a failure of this status, or of the error's own.
func failing<R>(_ status: CommandFailure.Status, _ body: () throws -> R) throws -> R {
  do {
    return try body()
  } catch let failure as CommandFailure {
    throw failure
  } catch {
    throw CommandFailure(status, error)
  }
}
