/* How much longer a test may take, and how much more hold, where a tool looks on: each access to
 * memory costs more, and AddressSanitizer keeps what was freed. Without one, the limits of the
 * tests are what they say.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <stdlib.h>

#include <glib.h>

G_BEGIN_DECLS

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
/* 256 MiB in quarantine, with their red zones, and the shadow of all of it. */
#define PATIENCE_KIB (512 * 1024)
#define PATIENCE_FACTOR 5
#elif defined(__SANITIZE_THREAD__)
/* Four shadow words for each eight bytes that were ever looked at, and what threads remember. */
#define PATIENCE_KIB (1024 * 1024)
#define PATIENCE_FACTOR 10
#else
#define PATIENCE_KIB 0
#define PATIENCE_FACTOR 1
#endif

/* Threads of a program that the tool began, by the program's own name. */
#if defined(__SANITIZE_THREAD__)
#define PATIENCE_THREADS 1
#else
#define PATIENCE_THREADS 0
#endif

/**
 * patience:
 *
 * By how much a deadline is longer than it says: what the build makes slower, and what the setup
 * `valgrind` asks for (tests/meson.build).
 */
static inline int
patience (void)
{
  const char *asked = g_getenv ("TEST_PATIENCE");

  return asked != NULL ? MAX (atoi (asked), PATIENCE_FACTOR) : PATIENCE_FACTOR;
}

G_END_DECLS
