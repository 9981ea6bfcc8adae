import Foundation

/// The batch script of an array of trials.
///
/// Each task takes its line of a list: the directory where its trial is filled, its final directory, and its
/// log. Its exit code and its node are written to a file, as accounting is not available everywhere. A task
/// that is killed writes none.
struct SlurmScript {
  let profile: SlurmProfile
  let executable: String
  /// The folders that are searched for the files that manifests name.
  let sources: [String]
  let threads: Int
  let count: Int
  /// The path of the list of trials, one per line.
  let list: String
  /// The folder of the tasks' exit codes.
  let ends: String
  /// The nodes that refused the trial.
  var excluding: [String] = []

  var text: String {
    var options = [
      "--job-name=condense", "--array=1-\(count)", "--ntasks=1",
      "--cpus-per-task=\(profile.cores ?? threads)", "--requeue",
      "--open-mode=append", "--output=/dev/null",
    ]
    if let partition = profile.partition { options.append("--partition=\(partition)") }
    if let account = profile.account { options.append("--account=\(account)") }
    if let time = profile.time { options.append("--time=\(time)") }
    if let memory = profile.memoryMB { options.append("--mem=\(memory)M") }
    if !excluding.isEmpty { options.append("--exclude=\(excluding.joined(separator: ","))") }
    let exports = ["export CONDENSE_DATA=\(Self.quoted(sources.joined(separator: ":")))"]
    return """
      #!/bin/bash
      \((options + profile.directives).map { "#SBATCH \($0)" }.joined(separator: "\n"))
      \((profile.modules + exports).joined(separator: "\n"))
      line=$(sed -n "${SLURM_ARRAY_TASK_ID}p" \(Self.quoted(list)))
      IFS=$'\\t' read -r filling directory log <<< "$line"
      end=\(Self.quoted(ends))/${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}
      rm -f "$end"
      trap 'kill -TERM $child 2>/dev/null' TERM
      \(Self.quoted(executable)) trial "$filling/spec.json" --out "$directory" --detached >> "$filling/$log" 2>&1 &
      child=$!
      wait $child; status=$?
      # A signal ends the first wait; the trial saves its state meanwhile.
      while kill -0 $child 2>/dev/null; do wait $child; status=$?; done
      echo "$status $SLURMD_NODENAME" > "$end.part" && mv "$end.part" "$end"
      exit $status

      """
  }

  /// A word quoted for a shell.
  static func quoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }
}
