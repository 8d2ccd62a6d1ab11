/* What `spice-share doctor` looks into, one question a function, each with its answer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ui/share-state.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * Finding:
 * @FINDING_GOOD: as it should be
 * @FINDING_NOTE: worth knowing
 * @FINDING_BAD: why it does not work, or would not
 */
typedef enum
{
  FINDING_GOOD,
  FINDING_NOTE,
  FINDING_BAD,
} FindingKind;

/**
 * Report:
 * @text: what was found so far, a line each, what to do indented below
 * @n_bad: how many were bad
 */
typedef struct
{
  GString *text;
  guint n_bad;
} Report;

/**
 * report_add:
 * @advice: (nullable): the next step; may be several lines
 */
void report_add (Report *report, FindingKind kind, const char *finding, const char *advice);

/**
 * check_module:
 * @bus: (nullable): the session bus
 *
 * Is the module there, can it be loaded, is it turned on, and does this session care?
 */
void check_module (Report *report, GDBusConnection *bus);

/* Which viewers are installed, and can they take it? */
void check_viewers (Report *report);

/**
 * check_settings:
 *
 * Schema and backend; which settings are in effect, and where each comes from.
 *
 * Returns: whether they can be read
 */
gboolean check_settings (Report *report);

/* The folder that is to be shared. */
void check_shared_folder (Report *report);

/**
 * check_running:
 * @bus: (nullable): the session bus
 *
 * The viewers that run: without the module, without the port, with it closed, silent, failing.
 */
void check_running (Report *report, GDBusConnection *bus);

/**
 * check_channel:
 * @pid: the viewer
 * @wanted: whether the settings ask for a folder to be shared with it
 *
 * Pure. What a channel's state says about it.
 */
void check_channel (Report *report, guint pid, const ShareSnapshot *snapshot, gboolean wanted);

G_END_DECLS
