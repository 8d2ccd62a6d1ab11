/* A walk through a tree; see tree-walk.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/tree-walk.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "share/dir-buffer.h"

/* One folder on the way down. */
typedef struct
{
  gsize path_length; /* of it, in TreeWalk.path */
  gint64 position;   /* where to read on */
  gboolean at_end;
  gboolean spoilt;
  GQueue names; /* char *: to be entered */
} Level;

struct _TreeWalk
{
  TreeWalkOpen open;
  gpointer user_data;
  GQueue levels;    /* Level, the deepest at the tail */
  GString *path;    /* of the deepest level */
  GString *current; /* of the event */
  gsize current_at; /* where the event's name begins in it */
  gsize pending;    /* bytes in all Level.names */
  int fd;           /* the deepest level's folder, or -1 */
  gboolean reading;
  gboolean started;
  DirBuffer buffer;
};

static void
level_free (gpointer data)
{
  Level *level = data;

  g_queue_clear_full (&level->names, g_free);
  g_free (level);
}

char *
tree_event_get_folder (const TreeEvent *event)
{
  gsize length = (gsize)(event->name - event->path);

  return g_strndup (event->path, length > 0 ? length - 1 : 0);
}

TreeWalk *
tree_walk_new (TreeWalkOpen open, gpointer user_data)
{
  TreeWalk *self = g_new0 (TreeWalk, 1);

  self->open = open;
  self->user_data = user_data;
  g_queue_init (&self->levels);
  self->path = g_string_new (NULL);
  self->current = g_string_new (NULL);
  self->fd = -1;
  return self;
}

static void
close_folder (TreeWalk *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  self->reading = FALSE;
}

void
tree_walk_free (TreeWalk *self)
{
  close_folder (self);
  g_queue_clear_full (&self->levels, level_free);
  g_string_free (self->path, TRUE);
  g_string_free (self->current, TRUE);
  g_free (self);
}

static int
reopen_folder (TreeWalk *self)
{
  if (self->fd < 0)
    self->fd = self->open (self->user_data, self->path->str);
  return self->fd;
}

/* Sets the event's name and path: @name inside the deepest level. */
static void
set_current (TreeWalk *self, TreeEvent *event, const char *name)
{
  g_string_assign (self->current, self->path->str);
  if (self->current->len > 0)
    g_string_append_c (self->current, '/');
  self->current_at = self->current->len;
  g_string_append (self->current, name);
  event->path = self->current->str;
  event->name = self->current->str + self->current_at;
}

/* Goes down into the folder @self->current.
 *
 * Returns: 0, or 1 with the event that it failed */
static int
enter (TreeWalk *self, TreeEvent *event)
{
  Level *level;
  int fd;

  close_folder (self);
  event->path = self->current->str;
  event->name = self->current->str + self->current_at;
  fd = self->levels.length >= TREE_WALK_MAX_DEPTH
           ? -ENAMETOOLONG
           : self->open (self->user_data, self->current->str);
  if (fd < 0)
    {
      event->type = TREE_FAILED;
      event->folder = -1;
      event->error = fd;
      return 1;
    }
  level = g_new0 (Level, 1);
  g_queue_init (&level->names);
  level->path_length = self->current->len;
  g_queue_push_tail (&self->levels, level);
  g_string_assign (self->path, self->current->str);
  dir_buffer_reset (&self->buffer);
  self->fd = fd;
  self->reading = TRUE;
  return 0;
}

/* Goes up from the deepest level, whose folder is done. */
static int
leave (TreeWalk *self, TreeEvent *event, int error)
{
  Level *level = g_queue_pop_tail (&self->levels);
  Level *parent = g_queue_peek_tail (&self->levels);
  gboolean spoilt = level->spoilt;
  g_autofree char *name = NULL;

  level_free (level);
  close_folder (self);
  if (!parent)
    {
      g_string_truncate (self->current, 0);
      self->current_at = 0;
      event->path = event->name = self->current->str;
      event->folder = -1;
      event->type = TREE_FAILED;
      event->error = error;
      return error < 0;
    }
  parent->spoilt |= spoilt;
  name = g_strdup (self->path->str + parent->path_length + (parent->path_length > 0));
  g_string_truncate (self->path, parent->path_length);
  set_current (self, event, name);
  event->spoilt = spoilt;
  event->type = error < 0 ? TREE_FAILED : TREE_LEAVE;
  event->error = error;
  event->folder = error < 0 ? -1 : reopen_folder (self);
  return error == 0 && event->folder < 0 ? event->folder : 1;
}

/* Reads one entry of the deepest level.
 *
 * Returns: 1 with an event, 0 if another thing is to be done first, or a negative errno */
static int
read_entry (TreeWalk *self, Level *level, TreeEvent *event)
{
  DirEntry entry;
  int result = dir_buffer_next (&self->buffer, self->fd, &entry);

  if (result <= 0)
    {
      self->reading = FALSE;
      level->at_end = TRUE;
      return result;
    }
  level->position = entry.position;
  set_current (self, event, entry.name);
  event->type = TREE_ENTRY;
  event->folder = self->fd;
  event->d_type = entry.type;
  return 1;
}

int
tree_walk_next (TreeWalk *self, TreeEvent *event)
{
  *event = (TreeEvent){ .folder = -1 };

  if (!self->started)
    {
      self->started = TRUE;
      if (enter (self, event))
        return 1;
    }
  while (self->levels.length > 0)
    {
      Level *level = g_queue_peek_tail (&self->levels);
      int result = 0;

      if (self->reading && (level->names.length == 0 || self->pending < TREE_WALK_MAX_PENDING))
        result = read_entry (self, level, event);
      else if (level->names.length > 0)
        {
          g_autofree char *name = g_queue_pop_head (&level->names);

          self->pending -= strlen (name) + 1;
          set_current (self, event, name);
          result = enter (self, event);
        }
      else if (level->at_end)
        return leave (self, event, 0);
      else
        {
          result = reopen_folder (self);
          if (result >= 0)
            result = lseek (self->fd, level->position, SEEK_SET) < 0 ? -errno : 0;
          dir_buffer_reset (&self->buffer);
          self->reading = TRUE;
        }
      if (result < 0)
        return leave (self, event, result);
      if (result > 0)
        return 1;
    }
  return 0;
}

void
tree_walk_descend (TreeWalk *self)
{
  Level *level = g_queue_peek_tail (&self->levels);
  const char *name = self->current->str + self->current_at;

  self->pending += strlen (name) + 1;
  g_queue_push_tail (&level->names, g_strdup (name));
}

gboolean
tree_walk_spoil (TreeWalk *self)
{
  Level *level = g_queue_peek_tail (&self->levels);
  gboolean first = level && !level->spoilt;

  if (level)
    level->spoilt = TRUE;
  return first;
}
