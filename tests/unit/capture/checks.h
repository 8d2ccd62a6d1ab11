/* What the tests of the recording have in common: a folder, and what is said to the user.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../../lib/patience.h"
#include "capture/capture.h"

G_BEGIN_DECLS

/* How long anything may take, in seconds. */
#define SECONDS (20 * patience ())
/* No limit. */
#define LARGE (G_GUINT64_CONSTANT (1) << 40)

/* g_test_init(), and a temporary folder that checks_run() removes. */
void checks_init (int *argc, char ***argv);
int checks_run (void);

/* For the test that calls it; GTest forgets it after that. */
void checks_expect_warning (void);

/* One sentence was said since the last time, with both in it. The capture must be closed. */
void checks_assert_said (const char *part, const char *reason);
void checks_assert_silent (void);

/* In the folder. */
char *checks_path (const char *name);
int checks_create (const char *path);

/* @fd: (transfer full): what to write to. Sentences call it "the test's file". */
Capture *checks_capture (int fd, guint64 file_max, gsize queue_max);

void checks_say (Capture *capture, guint port, gint64 client, gboolean to_guest, const char *text);

G_END_DECLS
