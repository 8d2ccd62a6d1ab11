/* Dates of HTTP (RFC 9110 section 5.6.7) and of WebDAV (RFC 3339), in no locale but their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "dav/dav-date.h"

#include <string.h>

#define SECONDS_PER_DAY 86400

/* Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar, and in 400 years. */
#define DAYS_TO_EPOCH 719468
#define DAYS_PER_ERA 146097

static const char weekdays[7][10]
    = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };
static const char months[12][4]
    = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

typedef struct
{
  int year;
  int month; /* 1 to 12 */
  int day;
  int hour;
  int minute;
  int second;
  int weekday; /* 0 is Sunday */
} Date;

/* The count of days runs from March, so that the leap day is the last of its year: then both ways
 * are arithmetic without a table. */

static void
date_from_seconds (gint64 seconds, Date *date)
{
  gint64 days, era, year;
  int rest, day_of_era, year_of_era, day_of_year, month;

  seconds = CLAMP (seconds, DAV_DATE_MIN, DAV_DATE_MAX);
  days = seconds / SECONDS_PER_DAY;
  rest = (int)(seconds % SECONDS_PER_DAY);
  if (rest < 0)
    {
      rest += SECONDS_PER_DAY;
      days--;
    }
  date->hour = rest / 3600;
  date->minute = rest / 60 % 60;
  date->second = rest % 60;
  date->weekday = (int)(((days + 4) % 7 + 7) % 7);

  days += DAYS_TO_EPOCH;
  era = (days >= 0 ? days : days - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
  day_of_era = (int)(days - era * DAYS_PER_ERA);
  year_of_era
      = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / (DAYS_PER_ERA - 1))
        / 365;
  day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  month = (5 * day_of_year + 2) / 153;
  year = era * 400 + year_of_era;

  date->day = day_of_year - (153 * month + 2) / 5 + 1;
  date->month = month < 10 ? month + 3 : month - 9;
  date->year = (int)(year + (date->month <= 2));
}

static gint64
date_to_seconds (const Date *date)
{
  int year = date->year - (date->month <= 2);
  int era = (year >= 0 ? year : year - 399) / 400;
  int year_of_era = year - era * 400;
  int month = date->month > 2 ? date->month - 3 : date->month + 9;
  int day_of_year = (153 * month + 2) / 5 + date->day - 1;
  int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  gint64 days = (gint64)era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;

  return days * SECONDS_PER_DAY + date->hour * 3600 + date->minute * 60 + date->second;
}

static char *
put_number (char *out, int number, int digits)
{
  int i;

  for (i = digits - 1; i >= 0; i--)
    {
      out[i] = (char)('0' + number % 10);
      number /= 10;
    }

  return out + digits;
}

static char *
put_time (char *out, const Date *date)
{
  out = put_number (out, date->hour, 2);
  *out++ = ':';
  out = put_number (out, date->minute, 2);
  *out++ = ':';
  return put_number (out, date->second, 2);
}

void
dav_date_format_http (gint64 seconds, char out[static DAV_DATE_SIZE])
{
  Date date;

  date_from_seconds (seconds, &date);
  memcpy (out, weekdays[date.weekday], 3);
  memcpy (out + 3, ", ", 2);
  out = put_number (out + 5, date.day, 2);
  *out++ = ' ';
  memcpy (out, months[date.month - 1], 3);
  out[3] = ' ';
  out = put_number (out + 4, date.year, 4);
  *out++ = ' ';
  out = put_time (out, &date);
  memcpy (out, " GMT", sizeof " GMT");
}

void
dav_date_format_iso (gint64 seconds, char out[static DAV_DATE_SIZE])
{
  Date date;

  date_from_seconds (seconds, &date);
  out = put_number (out, date.year, 4);
  *out++ = '-';
  out = put_number (out, date.month, 2);
  *out++ = '-';
  out = put_number (out, date.day, 2);
  *out++ = 'T';
  out = put_time (out, &date);
  memcpy (out, "Z", sizeof "Z");
}

/* Reads exactly @digits digits. */
static gboolean
scan_number (const char **cursor, int digits, int *number)
{
  *number = 0;
  for (; digits > 0; digits--, (*cursor)++)
    {
      if (!g_ascii_isdigit (**cursor))
        return FALSE;
      *number = *number * 10 + (**cursor - '0');
    }

  return TRUE;
}

static gboolean
scan_text (const char **cursor, const char *text)
{
  gsize length = strlen (text);

  if (strncmp (*cursor, text, length) != 0)
    return FALSE;
  *cursor += length;
  return TRUE;
}

static gboolean
scan_month (const char **cursor, int *month)
{
  for (*month = 1; *month <= 12; (*month)++)
    if (scan_text (cursor, months[*month - 1]))
      return TRUE;

  return FALSE;
}

static gboolean
scan_time (const char **cursor, Date *date)
{
  return scan_number (cursor, 2, &date->hour) && scan_text (cursor, ":")
         && scan_number (cursor, 2, &date->minute) && scan_text (cursor, ":")
         && scan_number (cursor, 2, &date->second);
}

/* " 06 Nov 1994 08:49:37 GMT", after the weekday and its comma. */
static gboolean
scan_imf_fixdate (const char *cursor, Date *date)
{
  return scan_text (&cursor, " ") && scan_number (&cursor, 2, &date->day)
         && scan_text (&cursor, " ") && scan_month (&cursor, &date->month)
         && scan_text (&cursor, " ") && scan_number (&cursor, 4, &date->year)
         && scan_text (&cursor, " ") && scan_time (&cursor, date) && strcmp (cursor, " GMT") == 0;
}

/* " 06-Nov-94 08:49:37 GMT": a year more than 50 years ahead is the past one. */
static gboolean
scan_rfc850 (const char *cursor, int year_now, Date *date)
{
  if (!scan_text (&cursor, " ") || !scan_number (&cursor, 2, &date->day)
      || !scan_text (&cursor, "-") || !scan_month (&cursor, &date->month)
      || !scan_text (&cursor, "-") || !scan_number (&cursor, 2, &date->year)
      || !scan_text (&cursor, " ") || !scan_time (&cursor, date) || strcmp (cursor, " GMT") != 0)
    return FALSE;

  date->year += year_now - year_now % 100;
  if (date->year > year_now + 50)
    date->year -= 100;

  return TRUE;
}

/* " Nov  6 08:49:37 1994" */
static gboolean
scan_asctime (const char *cursor, Date *date)
{
  return scan_text (&cursor, " ") && scan_month (&cursor, &date->month) && scan_text (&cursor, " ")
         && scan_number (&cursor, scan_text (&cursor, " ") ? 1 : 2, &date->day)
         && scan_text (&cursor, " ") && scan_time (&cursor, date) && scan_text (&cursor, " ")
         && scan_number (&cursor, 4, &date->year) && *cursor == '\0';
}

static gboolean
date_is_valid (const Date *date)
{
  static const int days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean is_leap = date->year % 4 == 0 && (date->year % 100 != 0 || date->year % 400 == 0);

  /* 60 is a leap second. */
  return date->day >= 1 && date->day <= days[date->month - 1] + (is_leap && date->month == 2)
         && date->hour <= 23 && date->minute <= 59 && date->second <= 60;
}

gboolean
dav_date_parse_http (const char *value, gint64 now, gint64 *seconds)
{
  gsize length = strspn (value, "SMTWFadehinorstuy");
  const char *rest = value + length;
  Date date, today;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (weekdays); i++)
    if (strncmp (value, weekdays[i], length) == 0
        && (length == 3 || length == strlen (weekdays[i])))
      break;
  if (i == G_N_ELEMENTS (weekdays))
    return FALSE;

  /* The weekday is not compared with the date: nothing depends on it. */
  date_from_seconds (now, &today);
  if (*rest != ',')
    {
      if (length != 3 || !scan_asctime (rest, &date))
        return FALSE;
    }
  else if (length == 3 ? !scan_imf_fixdate (rest + 1, &date)
                       : !scan_rfc850 (rest + 1, today.year, &date))
    return FALSE;

  if (!date_is_valid (&date))
    return FALSE;

  *seconds = date_to_seconds (&date);
  return TRUE;
}
