/* What the benchmark measures: one function a workload.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "rig.h"

G_BEGIN_DECLS

/**
 * Run:
 * @rig: server and guest
 * @viewer: spicy, or a test-viewer where it is looked inside, or raw-viewer where the stack alone
 * is measured
 * @next_id: a client of the guest that was not used yet
 *
 * One side of one run; server and viewer are made for it.
 */
typedef struct
{
  Rig *rig;
  RigChild *viewer;
  gint64 next_id;
} Run;

typedef enum
{
  MORE_IS_BETTER,
  LESS_IS_BETTER,
} Direction;

/**
 * Workload:
 * @name: for --only and for programs
 * @title: for people
 * @direction: which of two values is the better one
 * @bar: the least gain over stock that is asked for; 0: none
 * @most: the most that is asked for, in @unit; 0: none
 * @rate: of the link, bytes a second; 0: no limit
 * @looks_inside: @run asks the viewer how its main loop fared
 * @run: returns the value in @unit
 * @limit: (nullable): the same for raw bytes through server and stock channel
 */
typedef struct
{
  const char *name;
  const char *title;
  const char *unit;
  Direction direction;
  double bar;
  double most;
  guint rate;
  gboolean looks_inside;
  double (*run) (Run *run);
  double (*limit) (Run *run);
} Workload;

extern const Workload workloads[];
extern const guint n_workloads;

G_END_DECLS
