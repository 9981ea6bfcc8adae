#ifndef CONDENSE_SYSTEM_H
#define CONDENSE_SYSTEM_H

/// Columns of the terminal behind standard output or standard error; 0 where neither is one.
int condense_terminal_columns(void);

/// Whether a descriptor is a terminal.
int condense_is_terminal(int descriptor);

/// Replaces this process by the same program with the same arguments and the present environment: settings that a
/// library reads when it loads take effect. Returns only on failure.
void condense_reexecute(void);

#endif
