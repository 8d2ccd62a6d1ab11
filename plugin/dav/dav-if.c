/* The If header: lists of state tokens and etags, tagged with a resource or not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-if.h"

#include <string.h>

#include "dav/dav-etag.h"
#include "dav/dav-headers.h"

typedef struct
{
  gboolean is_negated;
  gboolean is_token;
  gboolean is_weak;    /* etags */
  gboolean is_settled; /* tokens: by dav_if_settle_tokens() */
  gboolean holds;      /* tokens, before the negation */
  char *value;         /* token without its brackets, or etag with its quotes */
} Condition;

typedef struct
{
  const char *path; /* %NULL: a resource without state; points into DavIf.paths */
  guint first;      /* its conditions in DavIf.conditions */
  guint n_conditions;
} List;

struct _DavIf
{
  GArray *conditions; /* Condition */
  GArray *lists;      /* List */
  GPtrArray *paths;   /* char *, those that lists point to */
  GPtrArray *tokens;  /* const char *, of conditions, with a final %NULL */
};

/* What is left of the header while it is read. */
typedef struct
{
  DavIf *self;
  const char *cursor;
  const char *path; /* of the lists to come */
} Parser;

static void
condition_clear (gpointer condition)
{
  g_free (((Condition *)condition)->value);
}

static DavIf *
dav_if_new (void)
{
  DavIf *self = g_new0 (DavIf, 1);

  self->conditions = g_array_new (FALSE, TRUE, sizeof (Condition));
  g_array_set_clear_func (self->conditions, condition_clear);
  self->lists = g_array_new (FALSE, TRUE, sizeof (List));
  self->paths = g_ptr_array_new_with_free_func (g_free);
  self->tokens = g_ptr_array_new ();

  return self;
}

void
dav_if_free (DavIf *self)
{
  g_ptr_array_unref (self->tokens);
  g_ptr_array_unref (self->paths);
  g_array_unref (self->lists);
  g_array_unref (self->conditions);
  g_free (self);
}

static void
skip_blank (Parser *parser)
{
  parser->cursor += strspn (parser->cursor, " \t");
}

/* `<` visible ASCII `>` */
static char *
scan_coded_url (Parser *parser)
{
  const char *start = parser->cursor + 1;
  const char *end;

  for (end = start; g_ascii_isgraph (*end) && *end != '<' && *end != '>'; end++)
    ;
  if (*end != '>' || end == start)
    return NULL;

  parser->cursor = end + 1;
  return g_strndup (start, (gsize)(end - start));
}

/* A condition without its Not. */
static DavIfResult
parse_condition (Parser *parser, gboolean is_negated)
{
  GArray *conditions = parser->self->conditions;
  Condition condition = { .is_negated = is_negated };

  if (conditions->len == DAV_IF_MAX_CONDITIONS)
    return DAV_IF_TOO_LARGE;

  if (*parser->cursor == '<')
    {
      condition.is_token = TRUE;
      condition.value = scan_coded_url (parser);
      if (condition.value == NULL || strlen (condition.value) > DAV_TOKEN_MAX)
        {
          g_free (condition.value);
          return DAV_IF_MALFORMED;
        }
      g_ptr_array_add (parser->self->tokens, condition.value);
    }
  else if (*parser->cursor == '[')
    {
      const char *opaque;
      gsize length;

      parser->cursor++;
      if (!dav_etag_scan (&parser->cursor, &condition.is_weak, &opaque, &length)
          || *parser->cursor != ']')
        return DAV_IF_MALFORMED;
      parser->cursor++;
      condition.value = g_strndup (opaque, length);
    }
  else
    return DAV_IF_MALFORMED;

  g_array_append_val (conditions, condition);
  return DAV_IF_OK;
}

static DavIfResult
parse_list (Parser *parser)
{
  DavIf *self = parser->self;
  List list = { .path = parser->path, .first = self->conditions->len };

  if (self->lists->len == DAV_IF_MAX_LISTS)
    return DAV_IF_TOO_LARGE;

  parser->cursor++;
  skip_blank (parser);
  while (*parser->cursor != ')')
    {
      gboolean is_negated = g_ascii_strncasecmp (parser->cursor, "Not", 3) == 0;
      DavIfResult result;

      if (is_negated)
        {
          parser->cursor += 3;
          skip_blank (parser);
        }
      result = parse_condition (parser, is_negated);
      if (result != DAV_IF_OK)
        return result;
      skip_blank (parser);
    }
  parser->cursor++;

  list.n_conditions = self->conditions->len - list.first;
  if (list.n_conditions == 0)
    return DAV_IF_MALFORMED;

  g_array_append_val (self->lists, list);
  return DAV_IF_OK;
}

/* A tag, which the lists up to the next one are about. */
static DavIfResult
parse_tag (Parser *parser, const char *host)
{
  g_autofree char *reference = scan_coded_url (parser);
  char *path;

  /* Each tag has a list, so this bounds the tags as well. */
  if (parser->self->lists->len == DAV_IF_MAX_LISTS)
    return DAV_IF_TOO_LARGE;
  if (reference == NULL)
    return DAV_IF_MALFORMED;

  if (dav_path_decode_reference (reference, host, &path) == DAV_PATH_OK)
    {
      g_ptr_array_add (parser->self->paths, path);
      parser->path = path;
    }
  else
    parser->path = NULL;

  return DAV_IF_OK;
}

DavIfResult
dav_if_parse (const char *value, const char *path, const char *host, DavIf **self)
{
  g_autoptr (DavIf) header = dav_if_new ();
  Parser parser = { .self = header, .cursor = value };
  gboolean is_tagged;

  g_ptr_array_add (header->paths, g_strdup (path));
  parser.path = g_ptr_array_index (header->paths, 0);

  skip_blank (&parser);
  is_tagged = *parser.cursor == '<';

  /* All lists are tagged or none is; a tag has one list at least. */
  do
    {
      DavIfResult result;

      if (is_tagged)
        {
          if (*parser.cursor != '<')
            return DAV_IF_MALFORMED;
          result = parse_tag (&parser, host);
          if (result != DAV_IF_OK)
            return result;
          skip_blank (&parser);
        }
      if (*parser.cursor != '(')
        return DAV_IF_MALFORMED;
      while (*parser.cursor == '(')
        {
          result = parse_list (&parser);
          if (result != DAV_IF_OK)
            return result;
          skip_blank (&parser);
        }
    }
  while (*parser.cursor != '\0');

  g_ptr_array_add (header->tokens, NULL);
  *self = g_steal_pointer (&header);
  return DAV_IF_OK;
}

const char *const *
dav_if_get_tokens (const DavIf *self)
{
  return (const char *const *)self->tokens->pdata;
}

void
dav_if_settle_tokens (DavIf *self, DavIfHasToken has_token, gpointer user_data)
{
  guint i, j;

  for (i = 0; i < self->lists->len; i++)
    {
      const List *list = &g_array_index (self->lists, List, i);

      for (j = 0; j < list->n_conditions; j++)
        {
          Condition *condition = &g_array_index (self->conditions, Condition, list->first + j);

          if (!condition->is_token)
            continue;
          condition->is_settled = TRUE;
          condition->holds
              = list->path != NULL && has_token (list->path, condition->value, user_data);
        }
    }
}

gboolean
dav_if_needs_etags (const DavIf *self)
{
  guint i;

  for (i = 0; i < self->conditions->len; i++)
    if (!g_array_index (self->conditions, Condition, i).is_token)
      return TRUE;

  return FALSE;
}

/* @etag is a cache of the list's own, as most lists have one etag or none. */
static gboolean
condition_holds (const Condition *condition,
                 const List *list,
                 char **etag,
                 gboolean *has_etag,
                 DavIfGetEtag get_etag,
                 gpointer user_data)
{
  gboolean holds;

  if (condition->is_token)
    {
      if (!condition->is_settled)
        return FALSE;
      holds = condition->holds;
    }
  else
    {
      if (!*has_etag)
        {
          *etag = list->path != NULL ? get_etag (list->path, user_data) : NULL;
          *has_etag = TRUE;
        }
      /* Ours are strong, so a weak one names none of them (RFC 9110 section 8.8.3.2). */
      holds = !condition->is_weak && g_strcmp0 (*etag, condition->value) == 0;
    }

  return holds != condition->is_negated;
}

gboolean
dav_if_evaluate (const DavIf *self, DavIfGetEtag get_etag, gpointer user_data)
{
  guint i, j;

  for (i = 0; i < self->lists->len; i++)
    {
      const List *list = &g_array_index (self->lists, List, i);
      g_autofree char *etag = NULL;
      gboolean has_etag = FALSE;

      for (j = 0; j < list->n_conditions; j++)
        if (!condition_holds (&g_array_index (self->conditions, Condition, list->first + j), list,
                              &etag, &has_etag, get_etag, user_data))
          break;
      if (j == list->n_conditions)
        return TRUE;
    }

  return FALSE;
}
