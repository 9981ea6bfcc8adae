#ifndef CONDENSE_ARCHIVE_H
#define CONDENSE_ARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

#endif
