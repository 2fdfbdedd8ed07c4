import type { ChainEvent } from '@basalt/execution';
import { formatCount } from './numbers.ts';
import type { Terminal } from './terminal.ts';

/** Transactions of one block that are shown with a line of their own. */
const TRANSACTIONS_SHOWN = 8;

/** What happened on a chain, for people: a line for the block, one for each transaction. */
export function blockLines(terminal: Terminal, event: ChainEvent): string[] {
  const dim = (text: string): string => terminal.style('dim', text);
  const { block, receipts, kind, removedCount } = event;
  const number = formatCount(Number(block.header.number));
  if (kind === 'rewind') {
    return [
      `  ${terminal.style('yellow', 'back to')} block ${number}${dim(
        `, ${formatCount(removedCount)} blocks undone`,
      )}`,
    ];
  }
  const { transactions, header, hash } = block;
  const gas = `${formatCount(Number(header.gasUsed))} gas`;
  const count = `${formatCount(transactions.length)} transactions`;
  const lines = [
    `  ${terminal.style('cyan', 'block')} ${number}  ${dim(`${short(hash)}  ${count}  ${gas}`)}`,
  ];
  for (const [at, { hash: name, fields }] of transactions.slice(0, TRANSACTIONS_SHOWN).entries()) {
    const receipt = receipts[at];
    const mark =
      receipt?.succeeded === true ? terminal.style('green', '✓') : terminal.style('red', '✗');
    const target =
      fields.to === undefined
        ? `creates ${hex(receipt?.created ?? new Uint8Array(0))}`
        : `to ${short(fields.to)}`;
    const used = formatCount(Number(receipt?.gasUsed ?? 0n));
    lines.push(`    ${mark} ${hex(name)}  ${dim(`${target}  ${used} gas`)}`);
  }
  return lines;
}

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}

function short(bytes: Uint8Array): string {
  const text = hex(bytes);
  return `${text.slice(0, 10)}…${text.slice(-4)}`;
}
