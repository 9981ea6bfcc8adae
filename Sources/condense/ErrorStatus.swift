import Comparison
import Datasets
import Execution
import Export
import Graphs
import Runs
import Training
import Trials

/// An error of a module that determines the exit code itself, wherever it is caught.
protocol StatusGiving: Error {
  /// The exit code; `nil` if it depends on the operation that failed.
  var status: CommandFailure.Status? { get }
}

extension DatasetError: StatusGiving {
  var status: CommandFailure.Status? { needsInstallation ? .missing : nil }
}

extension ExecutionError: StatusGiving {
  /// Internal for a failed library call, because no input causes it; bad input for a batch that exceeds
  /// memory.
  var status: CommandFailure.Status? {
    switch self {
    case .library: .internal
    case .memory: .badInput
    default: nil
    }
  }
}

extension ModelFileError: StatusGiving {
  /// Internal for a file that cannot be written: the folder was checked earlier, so the disk is the cause.
  var status: CommandFailure.Status? {
    if case .unwritable = self { .internal } else { nil }
  }
}

extension ExportError: StatusGiving {
  /// Internal if a file cannot be written or verified, and missing for an absent tool: the model is not the
  /// cause.
  var status: CommandFailure.Status? {
    switch self {
    case .unwritable, .verification: .internal
    case .missingTool: .missing
    default: nil
    }
  }
}

extension TrainingError: StatusGiving {
  /// Internal for a file that cannot be written and for a rank that is gone: no input causes them.
  var status: CommandFailure.Status? {
    switch self {
    case .unwritable, .rankLost: .internal
    default: nil
    }
  }
}

extension TrialError: StatusGiving {
  var status: CommandFailure.Status? {
    switch self {
    case .otherMachine: .missing
    case .unwritable: .internal
    default: nil
    }
  }
}

extension RunError: StatusGiving {
  /// Internal for a file that cannot be written, because the disk is the cause; otherwise undefined.
  var status: CommandFailure.Status? {
    if case .unwritable = self { .internal } else { nil }
  }
}

extension ComparisonError: StatusGiving {
  /// Negative if no student keeps a device's limits: that is an answer, whenever it is found.
  var status: CommandFailure.Status? {
    switch self {
    case .noFittingStudent, .nothingFits: .negative
    default: nil
    }
  }
}
