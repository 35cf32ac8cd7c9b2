/* libpcre2 for patterns over bytes (pcre2api(3)). */
#pragma once
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
