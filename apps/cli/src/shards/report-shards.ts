import type { Context } from '../context.ts';
import { refusedInShard } from '../refused-block.ts';
import { formatAmount } from '../view/numbers.ts';
import type { ShardResult } from './import-shards.ts';

/** One line for each shard that was touched. @throws CliError where the node refused a block */
export function reportShards(
  { screen }: Context,
  results: readonly ShardResult[],
  json: boolean,
): void {
  for (const { namespace, label, isClosed, result } of results) {
    const { recordsWritten, recordsKnown } = result;
    if (json) {
      const counts = { appended: recordsWritten, known: recordsKnown };
      screen.line(JSON.stringify({ namespace, label, ...counts, closed: isClosed }));
      continue;
    }
    const known = recordsKnown === 0 ? '' : `, ${formatAmount(recordsKnown, 'record')} known`;
    const state = isClosed ? ', closed' : '';
    const name = screen.style('green', label);
    screen.line(`${name}: ${formatAmount(recordsWritten, 'block')}${known}${state}  ${namespace}`);
  }
  const refused = results.find(({ result }) => result.refusal !== undefined);
  if (refused?.result.refusal === undefined) return;
  throw refusedInShard(refused.result.refusal, refused.label);
}
