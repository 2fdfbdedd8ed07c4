import type { Log } from '@basalt/evm';
import { type Block, BloomBuilder, type Receipt } from '@basalt/execution';
import type { LogCriteria } from '../params/log-filter.ts';
import { type LogPlace, logView } from '../views/receipt.ts';
import type { View } from '../views/transaction.ts';

/** Looks into blooms; keeps the bits of what was asked for lately. */
const blooms = new BloomBuilder();

/** False is certain: no log of the block is wanted. */
export function mayMatch(bloom: Uint8Array, { addresses, topics }: LogCriteria): boolean {
  const hasAny = (items: readonly Uint8Array[]): boolean =>
    items.length === 0 || items.some((item) => blooms.mayContain(bloom, item));
  return hasAny(addresses) && topics.every(hasAny);
}

export function isMatch(log: Log, criteria: LogCriteria): boolean {
  if (criteria.topics.length > log.topics.length) return false;
  const { addresses, topics } = wantedOf(criteria);
  if (addresses !== undefined && !addresses.has(textOf(log.address))) return false;
  return topics.every((wanted, index) => {
    const topic = log.topics[index];
    return topic !== undefined && (wanted === undefined || wanted.has(textOf(topic)));
  });
}

/** Alternatives for looking up; undefined is any. */
interface Wanted {
  readonly addresses: ReadonlySet<string> | undefined;
  readonly topics: readonly (ReadonlySet<string> | undefined)[];
}

/** A thousand alternatives against each log of ten thousand blocks must be one look-up each. */
const wantedByCriteria = new WeakMap<LogCriteria, Wanted>();

function wantedOf(criteria: LogCriteria): Wanted {
  const known = wantedByCriteria.get(criteria);
  if (known !== undefined) return known;
  const wanted = { addresses: setOf(criteria.addresses), topics: criteria.topics.map(setOf) };
  wantedByCriteria.set(criteria, wanted);
  return wanted;
}

function setOf(items: readonly Uint8Array[]): ReadonlySet<string> | undefined {
  return items.length === 0 ? undefined : new Set(items.map(textOf));
}

/** One character a byte: what of bytes can be a key is made fastest. */
function textOf({ buffer, byteLength, byteOffset }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** A log and where it is: what its view is made of. */
export interface FoundLog {
  readonly log: Log;
  readonly place: LogPlace;
}

/** The wanted logs of a block, as they are shown. */
export function matchingLogs(
  block: Block,
  receipts: readonly Receipt[],
  criteria: LogCriteria,
  isRemoved: boolean = false,
): View[] {
  return foundLogs(block, receipts, criteria, isRemoved).map(({ log, place }) =>
    logView(log, place),
  );
}

export function foundLogs(
  block: Block,
  receipts: readonly Receipt[],
  criteria: LogCriteria,
  isRemoved: boolean = false,
): FoundLog[] {
  const { hash: blockHash, header, transactions } = block;
  const found: FoundLog[] = [];
  let logIndex = 0;
  for (const [transactionIndex, receipt] of receipts.entries()) {
    const transactionHash = transactions[transactionIndex]?.hash ?? new Uint8Array(32);
    for (const log of receipt.logs) {
      if (isMatch(log, criteria)) {
        found.push({
          log,
          place: {
            blockHash,
            blockNumber: header.number,
            blockTimestamp: header.timestamp,
            transactionHash,
            transactionIndex,
            logIndex,
            isRemoved,
          },
        });
      }
      logIndex++;
    }
  }
  return found;
}
