import type { MetricType } from './metric-name.ts';

/** Media type of {@link MetricsRegistry.expose}: the Prometheus text format, version 0.0.4. */
export const EXPOSITION_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A sample value as the format writes it: `NaN`, `+Inf`, `-Inf` or the shortest decimal. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/** Two comment lines in front of a metric; backslash and line feed are escaped in the help. */
export function formatHeading(name: string, type: MetricType, help: string): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n`;
}

/** One line: name, labels in braces (none without labels), value. */
export function formatSample(
  name: string,
  labelNames: readonly string[],
  labelValues: readonly string[],
  value: number,
): string {
  const labels = labelNames.map((label, i) => `${label}="${escapeValue(labelValues[i] ?? '')}"`);
  const braces = labels.length === 0 ? '' : `{${labels.join(',')}}`;
  return `${name}${braces} ${formatValue(value)}\n`;
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
