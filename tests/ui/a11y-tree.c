/* a11y-tree PID: what a screen reader sees of a program: a line for each accessible object that is
 * showing, with tabs between depth, role, name, description, x, y, width, height and states.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <atspi/atspi.h>

#include <stdio.h>
#include <stdlib.h>

/* libatspi 2.46 has none of its own. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiAccessible, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiComponent, g_object_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AtspiStateSet, g_object_unref)

/* Deeper than any window here; a loop in the tree ends. */
#define MAX_DEPTH 40

static const struct
{
  AtspiStateType state;
  const char *name;
} states[] = {
  { ATSPI_STATE_CHECKED, "checked" },     { ATSPI_STATE_PRESSED, "pressed" },
  { ATSPI_STATE_SENSITIVE, "sensitive" }, { ATSPI_STATE_FOCUSED, "focused" },
  { ATSPI_STATE_FOCUSABLE, "focusable" },
};

static void
print_text (const char *text)
{
  for (; text != NULL && *text != '\0'; text++)
    putchar (*text == '\t' || *text == '\n' ? ' ' : *text);
}

static void
print (AtspiAccessible *object, AtspiStateSet *set, guint depth)
{
  g_autofree char *role = atspi_accessible_get_role_name (object, NULL);
  g_autofree char *name = atspi_accessible_get_name (object, NULL);
  g_autofree char *description = atspi_accessible_get_description (object, NULL);
  g_autoptr (AtspiComponent) component = atspi_accessible_get_component_iface (object);
  AtspiRect *at = NULL;

  if (component != NULL)
    at = atspi_component_get_extents (component, ATSPI_COORD_TYPE_SCREEN, NULL);
  printf ("%u\t%s\t", depth, role != NULL ? role : "");
  print_text (name);
  putchar ('\t');
  print_text (description);
  printf ("\t%d\t%d\t%d\t%d\t", at != NULL ? at->x : 0, at != NULL ? at->y : 0,
          at != NULL ? at->width : 0, at != NULL ? at->height : 0);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    if (atspi_state_set_contains (set, states[i].state))
      printf ("%s ", states[i].name);
  putchar ('\n');
  g_free (at);
}

static void
walk (AtspiAccessible *object, guint depth)
{
  g_autoptr (AtspiStateSet) set = atspi_accessible_get_state_set (object);
  int n = atspi_accessible_get_child_count (object, NULL);

  /* The application itself is not showing. */
  if (depth > 0 && (set == NULL || !atspi_state_set_contains (set, ATSPI_STATE_SHOWING)))
    return;
  if (depth > 0)
    print (object, set, depth);
  for (int i = 0; i < n && depth < MAX_DEPTH; i++)
    {
      g_autoptr (AtspiAccessible) child = atspi_accessible_get_child_at_index (object, i, NULL);

      if (child != NULL)
        walk (child, depth + 1);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (AtspiAccessible) desktop = NULL;
  int n;

  if (argc != 2)
    {
      fputs ("usage: a11y-tree PID\n", stderr);
      return 2;
    }
  if (atspi_init () > 1)
    {
      fputs ("a11y-tree: no accessibility bus\n", stderr);
      return 1;
    }
  desktop = atspi_get_desktop (0);
  n = desktop != NULL ? atspi_accessible_get_child_count (desktop, NULL) : 0;
  for (int i = 0; i < n; i++)
    {
      g_autoptr (AtspiAccessible) program = atspi_accessible_get_child_at_index (desktop, i, NULL);

      if (program != NULL
          && (long)atspi_accessible_get_process_id (program, NULL) == atol (argv[1]))
        walk (program, 0);
    }
  return 0;
}
