#ifndef CONDENSE_PROCESS_H
#define CONDENSE_PROCESS_H

/// Columns of the terminal behind standard output or standard error; 0 where neither is one.
int condense_terminal_columns(void);

/// Whether a descriptor is a terminal.
int condense_is_terminal(int descriptor);

/// Replaces this process by the same program with the same arguments and the present environment: settings that a
/// library reads when it loads take effect. Returns only on failure.
void condense_reexecute(void);

/// Gives OpenMP's library the settings that it reads only when it loads: sets those that the user has not set and
/// starts this program anew, once. A team that waits a moment actively and then sleeps leaves its cores to the
/// loader's threads between steps; a dynamic team would change results, and hangs with oneDNN.
void condense_prepare_compute(void);

#endif
