#ifndef CONDENSE_PROCESS_H
#define CONDENSE_PROCESS_H

/// Returns the width in columns of the terminal at standard output, else at standard error; 0 if neither is one.
int condense_terminal_columns(void);

/// Returns 1 if the descriptor is a terminal, else 0.
int condense_is_terminal(int descriptor);

/// Replaces this process by the same program with the same arguments and the current environment.
///
/// Environment variables that a library reads as it is loaded then take effect. The function returns only on failure.
void condense_reexecute(void);

/// Sets the environment variables that libgomp reads as it is loaded, and restarts the program once.
///
/// Threads of a team spin briefly and then sleep, so that the loader's threads get the cores between steps; the user's
/// settings for this are kept. Dynamic teams are always off: they would change results, and hang with oneDNN.
void condense_prepare_compute(void);

#endif
