/** Numbers, times and hashes as people read them. */

const COUNT = new Intl.NumberFormat('en');

/** 1234567 -> "1,234,567" */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** 1536 -> "1.5 KB"; decimal prefixes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1_000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** First `digits` and last 4 digits of a hash or id. */
export function shorten(text: string, digits = 8): string {
  return text.length <= digits + 5 ? text : `${text.slice(0, digits)}\u2026${text.slice(-4)}`;
}

/** Time of day with seconds when it is today, else date and time. */
export function formatTime(timeMs: number, nowMs: number): string {
  const date = new Date(timeMs);
  if (Number.isNaN(date.getTime())) return `${timeMs} ms`;
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const isToday = new Date(nowMs).toDateString() === date.toDateString();
  return isToday
    ? clock
    : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** ISO 8601 in UTC with milliseconds, or the number itself outside of what a date can hold. */
export function formatInstant(timeMs: number): string {
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? `${timeMs} ms` : date.toISOString();
}

/** "now", "12 s ago", "3 min ago", "5 h ago", "9 d ago"; the future is "in ...". */
export function formatAge(timeMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - timeMs) / 1_000);
  if (Math.abs(seconds) < 2) return 'now';
  const text = formatSpan(Math.abs(seconds));
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function formatSpan(seconds: number): string {
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return `${formatCount(Math.round(seconds / 86_400))} d`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
