/* See share-refusal.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "ui/share-refusal.h"

#include "ui/share-text.h"

#include <glib/gi18n-lib.h>

/* What each reason means, and what to do. */
static const struct
{
  const char *reason;
  const char *advice;
} refusals[] = {
  { "not-shared", N_ ("The guest asks, but no folder is shared with it.") },
  { "read-only",
    N_ ("The guest tried to change a folder that is shared read-only. To let it, switch "
        "off “Read-only” in the viewer's panel, or run “spice-share set FOLDER”.") },
  { "foreign",
    N_ ("It was asked under the name of another host, as a web page in the guest might do. "
        "In the guest use http://localhost:9843/.") },
  { "outside", N_ ("The path, or a symbolic link on it, leaves the shared folder. Only relative "
                   "links that stay inside are followed, and none where the setting symlinks is "
                   "“deny”.") },
  { "permission", N_ ("On this computer you may not do that either: look at the permissions of the "
                      "file and of its folder.") },
  { "no-space", N_ ("The disk of this computer is full, or your quota on it. Make room, and copy "
                    "again.") },
};

/* Whether what was refused would be refused again; if not there is nothing to be done about it. */
static gboolean
still_holds (const ShareSnapshot *snapshot, const char *reason)
{
  if (g_str_equal (reason, "not-shared"))
    return !snapshot->sharing;
  if (g_str_equal (reason, "read-only"))
    return snapshot->sharing && snapshot->read_only;
  return TRUE;
}

gboolean
share_refusal_read (const ShareSnapshot *snapshot, ShareRefusal *refusal)
{
  const char *reason;
  const char *request;
  gint64 at;

  if (snapshot->refused == 0 || snapshot->last_refusal == NULL)
    return FALSE;
  g_variant_get (snapshot->last_refusal, "(x&s&s)", &at, &reason, &request);
  if (!still_holds (snapshot, reason))
    return FALSE;

  *refusal = (ShareRefusal){ .at = at, .request = g_strdup (request), .advice = "" };
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (g_str_equal (refusals[i].reason, reason))
      refusal->advice = _ (refusals[i].advice);
  return TRUE;
}

void
share_refusal_clear (ShareRefusal *refusal)
{
  g_clear_pointer (&refusal->request, g_free);
}

static char *
shorten (const char *text)
{
  g_autofree char *start = NULL;

  if (g_utf8_strlen (text, -1) <= SHARE_REFUSAL_SHORT)
    return g_strdup (text);
  start = g_utf8_substring (text, 0, SHARE_REFUSAL_SHORT - 1);
  return g_strconcat (start, "…", NULL);
}

char *
share_refusal_describe (const ShareSnapshot *snapshot)
{
  g_auto (ShareRefusal) refusal = { 0 };
  g_autofree char *clock = NULL;
  g_autofree char *request = NULL;

  if (!share_refusal_read (snapshot, &refusal))
    return NULL;
  clock = share_text_clock (refusal.at);
  request = shorten (refusal.request);
  /* Translators: a time of day, “PUT /file”, and sentences that say why and what to do */
  return g_strdup_printf (_ ("%s: “%s” was refused. %s"), clock, request, refusal.advice);
}
