/* Access control lists; see acl.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "share/acl.h"

#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>

typedef struct posix_acl_xattr_header Header;
typedef struct posix_acl_xattr_entry Entry;

static gboolean
is_acl (const guint8 *acl, gsize size)
{
  Header header;

  if (size < sizeof header || (size - sizeof header) % sizeof (Entry) != 0)
    return FALSE;
  memcpy (&header, acl, sizeof header);
  return GUINT32_FROM_LE (header.a_version) == POSIX_ACL_XATTR_VERSION;
}

/* The first entry of a kind that is there once at most.
 *
 * Returns: where it is, 0 if there is none */
static gsize
find_entry (const guint8 *acl, gsize size, guint tag, Entry *entry)
{
  for (gsize at = sizeof (Header); at < size; at += sizeof *entry)
    {
      memcpy (entry, acl + at, sizeof *entry);
      if (GUINT16_FROM_LE (entry->e_tag) == tag)
        return at;
    }
  return 0;
}

guint
acl_narrow_mode (const guint8 *acl, gsize size, guint mode)
{
  guint group, other = mode & 7;
  guint16 mask = GUINT16_TO_LE (7);
  Entry entry;

  if (!is_acl (acl, size) || !find_entry (acl, size, ACL_GROUP_OBJ, &entry))
    return mode & 0700;
  group = GUINT16_FROM_LE (entry.e_perm) & (mode >> 3) & 7;
  if (find_entry (acl, size, ACL_MASK, &entry))
    mask = entry.e_perm;
  group &= GUINT16_FROM_LE (mask);

  for (gsize at = sizeof (Header); at < size; at += sizeof entry)
    {
      guint tag;

      memcpy (&entry, acl + at, sizeof entry);
      tag = GUINT16_FROM_LE (entry.e_tag);
      if (tag == ACL_OTHER)
        other &= GUINT16_FROM_LE (entry.e_perm);
      else if (tag == ACL_USER || tag == ACL_GROUP || tag == ACL_GROUP_OBJ)
        other &= GUINT16_FROM_LE (entry.e_perm & mask);
      /* Who is named may be in the owning group; of two groups the one that may more counts. */
      if (tag == ACL_USER)
        group &= GUINT16_FROM_LE (entry.e_perm & mask);
    }
  return (mode & 0700) | (group << 3) | other;
}

static void
restrict_entry (guint8 *acl, gsize at, Entry *entry, guint permissions)
{
  entry->e_perm &= GUINT16_TO_LE (permissions & 7);
  memcpy (acl + at, entry, sizeof *entry);
}

gboolean
acl_restrict (guint8 *acl, gsize size, guint mode)
{
  Entry user, group, other;
  gsize user_at, group_at, other_at;

  if (!is_acl (acl, size))
    return FALSE;
  user_at = find_entry (acl, size, ACL_USER_OBJ, &user);
  group_at = find_entry (acl, size, ACL_MASK, &group);
  if (!group_at)
    group_at = find_entry (acl, size, ACL_GROUP_OBJ, &group);
  other_at = find_entry (acl, size, ACL_OTHER, &other);
  if (!user_at || !group_at || !other_at)
    return FALSE;
  restrict_entry (acl, user_at, &user, mode >> 6);
  restrict_entry (acl, group_at, &group, mode >> 3);
  restrict_entry (acl, other_at, &other, mode);
  return TRUE;
}

gboolean
acl_leave_group (guint8 *acl, gsize size)
{
  Entry mask, group, other;
  gsize group_at, other_at;
  guint both;

  if (!is_acl (acl, size))
    return FALSE;
  group_at = find_entry (acl, size, ACL_GROUP_OBJ, &group);
  other_at = find_entry (acl, size, ACL_OTHER, &other);
  if (!group_at || !other_at)
    return FALSE;
  if (find_entry (acl, size, ACL_MASK, &mask))
    group.e_perm &= mask.e_perm;
  both = GUINT16_FROM_LE (group.e_perm & other.e_perm);
  restrict_entry (acl, group_at, &group, both);
  restrict_entry (acl, other_at, &other, both);
  return TRUE;
}
