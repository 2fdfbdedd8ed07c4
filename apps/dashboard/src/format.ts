/** Numbers, times and spans as people read them. Nothing known is a dash, never a zero. */

const COUNT = new Intl.NumberFormat('en');
const DASH = '\u2013';

/** 1234567 -> "1,234,567" */
export function formatCount(count: number): string {
  return COUNT.format(Math.round(count));
}

/** Three digits: "0", "0.42", "9.3", "128", "4,210", "1.23 M". */
export function formatNumber(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return DASH;
  const size = Math.abs(value);
  if (size >= 999_950_000) return `${digits(value / 1e9)} G`;
  if (size >= 99_995) return size >= 999_500 ? `${digits(value / 1e6)} M` : formatCount(value);
  if (size >= 99.95 || Number.isInteger(value)) return formatCount(value);
  return size < 0.0005 ? '0' : digits(value);
}

/** A span of time: "380 µs", "12 ms", "1.4 s". */
export function formatSeconds(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return DASH;
  if (seconds === 0) return '0 ms';
  if (seconds < 0.000_999_5) return `${digits(seconds * 1e6)} \u00b5s`;
  if (seconds < 0.9995) return `${digits(seconds * 1e3)} ms`;
  return seconds < 99.95 ? `${digits(seconds)} s` : formatSpan(seconds);
}

/** 1536 -> "1.5 KiB", as the command line and the node itself tell it. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null || !Number.isFinite(bytes)) return DASH;
  if (bytes < 1_024) return `${Math.round(bytes)} B`;
  let value = bytes / 1_024;
  let unit = 0;
  while (value >= 1_023.5 && unit < 4) {
    value /= 1_024;
    unit++;
  }
  return `${digits(value)} ${'KMGTP'[unit]}iB`;
}

/** A long span in its largest unit: "42 s", "12 min", "5 h", "9 d". */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  if (whole < 5_400) return `${Math.round(whole / 60)} min`;
  if (whole < 129_600) return `${Math.round(whole / 3_600)} h`;
  return `${formatCount(whole / 86_400)} d`;
}

/** Time of day, "14:02:07"; with the date where it is not today. */
export function formatTime(timeMs: number, nowMs: number): string {
  const date = new Date(timeMs);
  if (Number.isNaN(date.getTime())) return `${timeMs} ms`;
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  if (new Date(nowMs).toDateString() === date.toDateString()) return clock;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${clock}`;
}

/** First 8 and last 4 digits of a hash or an id. */
export function shorten(text: string): string {
  return text.length <= 15 ? text : `${text.slice(0, 8)}\u2026${text.slice(-4)}`;
}

/** `1 block`, `12 blocks`. */
export function formatAmount(count: number, word: string): string {
  return `${formatCount(count)} ${word}${Math.round(count) === 1 ? '' : 's'}`;
}

/** A value with its unit as a controller tells it: "256 blocks", "1.5 MiB", "0.8". */
export function formatWithUnit(value: number, unit: string): string {
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'seconds' || unit === 's') return formatSeconds(value);
  if (unit === 'ms') return formatSeconds(value / 1_000);
  return unit === '' ? formatNumber(value) : `${formatNumber(value)} ${unit}`;
}

/** As `formatWithUnit`, without the unit where it is a word. */
export function formatBare(value: number, unit: string): string {
  return formatWithUnit(value, ['bytes', 'seconds', 's', 'ms'].includes(unit) ? unit : '');
}

function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return String(Math.round(value));
  return size >= 9.995 ? trim(value.toFixed(1)) : trim(value.toFixed(2));
}

function trim(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
