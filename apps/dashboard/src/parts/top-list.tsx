import type { TopEntry } from '@basalt/telemetry';
import type { VNode } from 'preact';
import { formatNumber, shorten } from '../format.ts';

interface TopListProps {
  readonly entries: readonly TopEntry[];
  /** Address of an entry; none: it is text. */
  readonly link?: (entry: TopEntry) => string;
  readonly caption: string;
}

/** Entries by weight with bars; the numbers say the same. */
export function TopList({ entries, link, caption }: TopListProps): VNode {
  const most = Math.max(1, ...entries.map(({ weight }) => weight));
  const sum = entries.reduce((total, { weight }) => total + weight, 0);
  return (
    <table class="top-list">
      <caption class="visually-hidden">{caption}</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Part of those listed</th>
          <th scope="col">Weight</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.key}>
            <th scope="row" title={entry.key}>
              {link === undefined ? nameOf(entry) : <a href={link(entry)}>{nameOf(entry)}</a>}
            </th>
            <td class="bar-cell">
              <span class="bar">
                <i style={{ width: `${(100 * entry.weight) / most}%` }} />
              </span>
              <span class="visually-hidden">
                {sum > 0 ? `${Math.round((100 * entry.weight) / sum)} %` : ''}
              </span>
            </td>
            <td class="number" title={errorWords(entry)}>
              {formatNumber(entry.weight)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function nameOf({ label, key }: TopEntry): string {
  return label === '' ? shorten(key) : label;
}

function errorWords({ error }: TopEntry): string | undefined {
  return error > 0 ? `at most ${formatNumber(error)} too high` : undefined;
}
