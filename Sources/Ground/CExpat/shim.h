/* libexpat reads XML (expat.h). */
#pragma once
#include <expat.h>
