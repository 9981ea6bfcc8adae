import Datasets
import Execution
import Export
import Graphs
import Runs
import Training
import Trials

/// An error of a module that tells, whoever meets it, with which code to exit.
protocol StatusGiving: Error {
  /// The code; `nil` where it depends on what was being done.
  var status: CommandFailure.Status? { get }
}

extension DatasetError: StatusGiving {
  var status: CommandFailure.Status? { needsInstallation ? .missing : nil }
}

extension ExecutionError: StatusGiving {
  /// A call of a library that fails is nobody's input; a batch beyond the memory is.
  var status: CommandFailure.Status? {
    switch self {
    case .library: .internal
    case .memory: .badInput
    default: nil
    }
  }
}

extension ModelFileError: StatusGiving {
  /// The folder was looked at before: what keeps a file from being written later is the disk.
  var status: CommandFailure.Status? {
    if case .unwritable = self { .internal } else { nil }
  }
}

extension ExportError: StatusGiving {
  /// What cannot be run or written is no fault of the model.
  var status: CommandFailure.Status? {
    switch self {
    case .unwritable, .verification: .internal
    case .missingTool: .missing
    default: nil
    }
  }
}

extension TrainingError: StatusGiving {
  var status: CommandFailure.Status? {
    if case .unwritable = self { .internal } else { nil }
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
  /// What cannot be written is the disk's fault, all else is what was found there.
  var status: CommandFailure.Status? {
    if case .unwritable = self { .internal } else { nil }
  }
}
