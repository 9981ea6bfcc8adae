#include "CGomp.h"
