import type { FlowStatus } from '@basalt/telemetry';
import { FLOW_LABELS_MAX } from '../limits.ts';

const OTHERS = 'others';

/** The flow between the labels with most of it; all others are summed up as one. */
export function largestFlow(flow: FlowStatus, labelsMax: number = FLOW_LABELS_MAX): FlowStatus {
  const { labels, counts } = flow;
  if (labels.length <= labelsMax) return flow;
  const weight = labels.map((_, at) =>
    labels.reduce(
      (sum, _label, other) => sum + countAt(counts, at, other) + countAt(counts, other, at),
      0,
    ),
  );
  const kept = labels
    .map((_, at) => at)
    .sort((a, b) => (weight[b] ?? 0) - (weight[a] ?? 0))
    .slice(0, labelsMax - 1)
    .sort((a, b) => a - b);
  const place = new Map(kept.map((at, to) => [at, to]));
  const sums = Array.from({ length: labelsMax }, () => labels.slice(0, labelsMax).map(() => 0));
  counts.forEach((row, from) => {
    row.forEach((count, to) => {
      const target = sums[place.get(from) ?? labelsMax - 1];
      const column = place.get(to) ?? labelsMax - 1;
      if (target !== undefined) target[column] = (target[column] ?? 0) + count;
    });
  });
  return { labels: [...kept.map((at) => labels[at] ?? ''), OTHERS], counts: sums };
}

export function countAt(counts: FlowStatus['counts'], from: number, to: number): number {
  return counts[from]?.[to] ?? 0;
}
