import Foundation

/// The batch script of an array of trials.
///
/// Each task takes its line of a list: where its trial is filled, where it will lie, its log. Its exit code and its node are left in a file,
/// as accounting is not everywhere. A task that is killed leaves none.
struct SlurmScript {
  let profile: SlurmProfile
  let executable: String
  /// Folders in which the files that manifests name are searched for.
  let sources: [String]
  let threads: Int
  let count: Int
  /// The list of trials, a line each.
  let list: String
  /// The folder of what tasks leave.
  let ends: String
  /// Nodes that refused the trial.
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

  /// A word that a shell takes as it is.
  static func quoted(_ word: String) -> String { "'" + word.replacing("'", with: "'\\''") + "'" }
}
