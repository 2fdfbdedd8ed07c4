import { formatCount } from '../view/numbers.ts';
import { printable, type Terminal } from '../view/terminal.ts';
import { formatWei } from './amounts.ts';

/** What of a receipt is shown; quantities in hex. */
export interface RpcReceipt {
  readonly transactionHash: string;
  readonly transactionIndex: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly from: string;
  readonly to: string | null;
  readonly contractAddress: string | null;
  readonly status?: string;
  readonly gasUsed: string;
  readonly effectiveGasPrice: string;
  readonly logs: readonly {
    readonly address: string;
    readonly topics: readonly string[];
    readonly data: string;
  }[];
}

export function hasFailed({ status }: RpcReceipt): boolean {
  return status === '0x0';
}

/** A receipt for people; of one that failed with the reason, where it is known. */
export function receiptLines(terminal: Terminal, receipt: RpcReceipt, reason?: string): string[] {
  const dim = (text: string): string => terminal.style('dim', text);
  const row = (name: string, value: string): string => `  ${dim(name.padEnd(10))}${value}`;
  const gas = BigInt(receipt.gasUsed);
  const price = BigInt(receipt.effectiveGasPrice);
  const mark = hasFailed(receipt)
    ? terminal.style(['red', 'bold'], 'failed')
    : terminal.style(['green', 'bold'], 'done');
  const lines = [
    `${mark}  ${receipt.transactionHash}`,
    row('block', `${Number(receipt.blockNumber)}, place ${Number(receipt.transactionIndex)}`),
    row('from', receipt.from),
  ];
  if (receipt.to !== null) lines.push(row('to', receipt.to));
  if (reason !== undefined) lines.push(row('reason', printable(reason)));
  // The address of a creation that failed has nothing.
  if (receipt.contractAddress !== null && !hasFailed(receipt)) {
    lines.push(row('contract', terminal.style(['bold', 'cyan'], receipt.contractAddress)));
  }
  const fee = `${formatWei(gas * price)} at ${formatWei(price)}`;
  lines.push(row('gas', `${formatCount(Number(gas))}  ${dim(fee)}`));
  for (const { address, topics, data } of receipt.logs) {
    const bytes = Math.max(0, data.length - 2) / 2;
    const [event = 'no topic', ...others] = topics;
    const more = `${others.length} more topics, ${bytes} bytes`;
    lines.push(row('log', `${address}  ${event.slice(0, 10)}…  ${dim(more)}`));
  }
  return lines;
}
