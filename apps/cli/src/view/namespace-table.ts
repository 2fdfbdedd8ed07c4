import type { NamespaceSummary } from '@basalt/client';
import { formatCount, formatTime } from './numbers.ts';
import { formatTable } from './table.ts';
import { printable } from './terminal.ts';

const COLUMNS = [
  { title: 'name' },
  { title: 'blocks', align: 'right' as const },
  { title: 'newest' },
  { title: 'kind' },
  { title: 'id' },
];

/** Namespaces as a node tells them, head line first. */
export function namespaceTable(summaries: readonly NamespaceSummary[]): string[] {
  return formatTable(COLUMNS, summaries.map(rowOf));
}

function rowOf(summary: NamespaceSummary): string[] {
  const frozen = summary.frozenAt === undefined ? '' : `, frozen at ${summary.frozenAt}`;
  return [
    printable(summary.label) || '(no name)',
    formatCount(summary.size),
    formatTime(summary.timestampMs),
    kindOf(summary.strategy) + frozen,
    summary.namespace,
  ];
}

/** `topic`, or `geographic x topic x temporal`; a strategy is whatever the node says. */
function kindOf(strategy: unknown): string {
  const { kind, parts } = (strategy ?? {}) as { kind?: unknown; parts?: unknown };
  if (kind === 'nested' && Array.isArray(parts)) return parts.map(kindOf).join(' x ');
  return typeof kind === 'string' ? printable(kind) : '?';
}
