/* See checks.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "checks.h"

#include <fcntl.h>
#include <string.h>

#include <glib/gstdio.h>

static char *folder;

/* What was said to the user, by whichever thread. */
static GMutex said_lock;
static GString *said;

static void
handle_log (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&said_lock);

  g_string_append_printf (said, "%s\n", message);
}

static gboolean
is_fatal (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  return g_strcmp0 (domain, "spice-share") != 0;
}

void
checks_expect_warning (void)
{
  g_test_log_set_fatal_handler (is_fatal, NULL);
}

void
checks_assert_said (const char *part, const char *reason)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&said_lock);

  g_assert_nonnull (strstr (said->str, part));
  g_assert_nonnull (strstr (said->str, reason));
  /* One sentence, one line. */
  g_assert_true (strchr (said->str, '\n') == said->str + said->len - 1);
  g_string_truncate (said, 0);
}

void
checks_assert_silent (void)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&said_lock);

  g_assert_cmpstr (said->str, ==, "");
}

char *
checks_path (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

int
checks_create (const char *path)
{
  int fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  return fd;
}

Capture *
checks_capture (int fd, guint64 file_max, gsize queue_max)
{
  const CaptureLimits limits = { file_max, queue_max };
  g_autoptr (GError) error = NULL;
  Capture *capture = capture_new_for_fd (fd, "the test's file", &limits, &error);

  g_assert_no_error (error);
  return capture;
}

void
checks_say (Capture *capture, guint port, gint64 client, gboolean to_guest, const char *text)
{
  capture_client_data (capture, port, client, to_guest, (const guint8 *)text, strlen (text));
}

static void
remove_folder (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = checks_path (name);

      g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (folder), ==, 0);
}

void
checks_init (int *argc, char ***argv)
{
  g_test_init (argc, argv, NULL);
  said = g_string_new (NULL);
  g_log_set_handler ("spice-share", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_FLAG_FATAL,
                     handle_log, NULL);
  folder = g_dir_make_tmp ("test-capture-XXXXXX", NULL);
  g_assert_nonnull (folder);
}

int
checks_run (void)
{
  int result = g_test_run ();

  remove_folder ();
  g_free (folder);
  g_string_free (said, TRUE);
  return result;
}
