/* zlib, for answers that are compressed (zlib.h); inflateInit2 is a macro. */
#pragma once
#include <zlib.h>
static inline int zlib_begin(z_stream *stream, int window) { return inflateInit2(stream, window); }
static inline int zlib_begin_compression(z_stream *stream, int level, int window) {
  return deflateInit2(stream, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
}
