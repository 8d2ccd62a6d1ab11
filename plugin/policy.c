/* Who decides what is shared; see policy.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "policy.h"

typedef enum
{
  WANT_AS_STOCK, /* nobody asked: the session's folder, if the viewer connects */
  WANT_FOLDER,   /* somebody asked for the session's folder */
  WANT_NOTHING,  /* somebody ended it */
} Want;

typedef struct
{
  char *dir; /* canonical; NULL for none */
  gboolean read_only;
  gboolean chosen; /* by a person, and not by a default */
} Folder;

struct _SharePolicy
{
  char *home;
  Want want;
  gboolean connect;      /* whoever asked wants the channel brought up */
  gboolean from_setting; /* the folder asked for is the setting's */
  gboolean view_only;
  gboolean setting_read_only;
  Folder session; /* what the session has, or is to have */
  Folder own;     /* what the viewer itself would have, were it not for the setting */
};

/* Text only: the main thread asks the file system nothing. */
static char *
canonical (const char *dir)
{
  if (dir == NULL || *dir == '\0')
    return NULL;
  return g_path_is_absolute (dir) ? g_canonicalize_filename (dir, "/") : g_strdup (dir);
}

static void
folder_set (Folder *folder, const char *dir, gboolean read_only, gboolean chosen)
{
  char *copy = canonical (dir);

  g_free (folder->dir);
  folder->dir = copy;
  folder->read_only = read_only;
  folder->chosen = chosen;
}

SharePolicy *
share_policy_new (const char *home,
                  const char *default_dir,
                  const char *session_dir,
                  gboolean session_read_only)
{
  SharePolicy *self = g_new0 (SharePolicy, 1);
  g_autofree char *stock = canonical (default_dir);

  self->home = canonical (home);
  folder_set (&self->own, session_dir, session_read_only, FALSE);
  self->own.chosen = g_strcmp0 (self->own.dir, stock) != 0;
  folder_set (&self->session, self->own.dir, self->own.read_only, self->own.chosen);
  return self;
}

void
share_policy_free (SharePolicy *self)
{
  g_free (self->home);
  g_free (self->session.dir);
  g_free (self->own.dir);
  g_free (self);
}

/* What is not shared because of the setting is still not written to against it. */
static void
restore_own (SharePolicy *self)
{
  folder_set (&self->session, self->own.dir, self->own.read_only || self->setting_read_only,
              self->own.chosen);
}

void
share_policy_setting_dir (SharePolicy *self, const char *dir, gboolean read_only)
{
  self->setting_read_only = read_only;
  self->from_setting = dir != NULL && *dir != '\0';
  if (self->from_setting)
    {
      folder_set (&self->session, dir, read_only, TRUE);
      self->want = WANT_FOLDER;
      self->connect = TRUE;
    }
  else
    {
      restore_own (self);
      self->want = WANT_NOTHING;
      self->connect = FALSE;
    }
}

void
share_policy_setting_read_only (SharePolicy *self, gboolean read_only)
{
  self->setting_read_only = read_only;
  self->session.read_only = read_only || (!self->from_setting && self->own.read_only);
}

void
share_policy_session_dir (SharePolicy *self, const char *dir)
{
  folder_set (&self->session, dir, self->session.read_only, TRUE);
  folder_set (&self->own, dir, self->own.read_only, TRUE);
  self->want = self->session.dir != NULL ? WANT_FOLDER : WANT_NOTHING;
  self->from_setting = FALSE;
}

void
share_policy_session_read_only (SharePolicy *self, gboolean read_only)
{
  self->session.read_only = read_only;
  self->own.read_only = read_only;
}

void
share_policy_view_only (SharePolicy *self, gboolean view_only)
{
  self->view_only = view_only;
}

void
share_policy_ask (SharePolicy *self, const char *dir, gboolean read_only)
{
  folder_set (&self->session, dir, read_only, TRUE);
  folder_set (&self->own, dir, read_only, TRUE);
  self->want = self->session.dir != NULL ? WANT_FOLDER : WANT_NOTHING;
  self->connect = self->want == WANT_FOLDER;
  self->from_setting = FALSE;
}

void
share_policy_ask_stop (SharePolicy *self)
{
  self->want = WANT_NOTHING;
  self->connect = FALSE;
  self->from_setting = FALSE;
}

void
share_policy_channel_up (SharePolicy *self, gboolean by_viewer)
{
  /* A plan of ours that was overtaken by its end while it connected must not share the viewer's. */
  if (by_viewer && self->want == WANT_NOTHING)
    self->want = WANT_AS_STOCK;
}

const char *
share_policy_get_session (SharePolicy *self, gboolean *read_only)
{
  *read_only = self->session.read_only;
  return self->session.dir;
}

static ShareRefusal
refusal_of (SharePolicy *self)
{
  const Folder *folder = &self->session;

  if (self->view_only)
    return SHARE_REFUSAL_VIEW_ONLY;
  if (!g_path_is_absolute (folder->dir))
    return SHARE_REFUSAL_RELATIVE;
  if (!folder->chosen
      && (g_str_equal (folder->dir, "/") || g_strcmp0 (folder->dir, self->home) == 0))
    return SHARE_REFUSAL_UNCHOSEN;
  return SHARE_REFUSAL_NONE;
}

SharePlan
share_policy_plan (SharePolicy *self, gboolean up, gboolean held)
{
  SharePlan plan = { NULL };
  gboolean bring_up = self->want == WANT_FOLDER && self->connect && !up && !held;

  if (self->want == WANT_NOTHING || self->session.dir == NULL || !(up || bring_up))
    return plan;

  plan.refusal = refusal_of (self);
  if (plan.refusal != SHARE_REFUSAL_NONE)
    {
      plan.refused_dir = self->session.dir;
      return plan;
    }
  plan.connect = bring_up;
  if (up)
    {
      plan.dir = self->session.dir;
      plan.read_only = self->session.read_only;
    }
  return plan;
}
