/* tsan-glib.h - what the files that stand before GLib's functions share; see tsan-glib.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <dlfcn.h>
#include <stdlib.h>

/* Functions that are here in the place of GLib's have to be seen by the libraries. */
#define INSTEAD __attribute__ ((visibility ("default"), used))

/* The function that stands after these files' in the order of the libraries. */
#define NEXT(name) ((__typeof__ (&name))next_function (#name))

static inline void *
next_function (const char *name)
{
  void *function = dlsym (RTLD_NEXT, name);

  if (function == NULL)
    abort ();
  return function;
}

static inline void *
check_memory (void *memory)
{
  if (memory == NULL)
    abort ();
  return memory;
}
