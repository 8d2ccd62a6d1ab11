/* Nothing at all, under the name of spice-gtk's library: what module.c sees of another spice-gtk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
int stand_in (void);

int
stand_in (void)
{
  return 0;
}
