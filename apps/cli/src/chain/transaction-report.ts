import type { VerifiedTransactionProof } from '@basalt/client';
import { toHex } from '@basalt/protocol';
import { type CheckLine, formatChecks } from '../view/checks.ts';
import { formatCount, formatTime } from '../view/numbers.ts';
import type { Terminal } from '../view/terminal.ts';
import { formatWei } from './amounts.ts';

/** What a transaction's proof shows, for programs. */
export function transactionReport(proven: VerifiedTransactionProof): Record<string, unknown> {
  const { transaction, receipt, header, ledger } = proven;
  return {
    valid: true,
    transactionHash: `0x${toHex(transaction.hash)}`,
    transactionIndex: proven.transactionIndex,
    blockNumber: Number(header.number),
    blockHash: `0x${toHex(header.hash)}`,
    succeeded: receipt.succeeded ?? null,
    logs: receipt.logs.length,
    hasDevnetChanges: proven.hasDevnetChanges,
    namespace: ledger.header.namespace,
    index: ledger.header.index,
    checkpoint: { ...ledger.checkpoint, root: toHex(ledger.checkpoint.root) },
    checked: {
      inclusion: true,
      checkpoint: true,
      payload: true,
      transaction: true,
      receipt: true,
      policy: ledger.verified.policy,
      witnesses: ledger.witnesses,
      signature: ledger.verified.signature,
      writer: ledger.verified.writer,
    },
  };
}

/** The same for people. */
export function transactionLines(
  terminal: Terminal,
  path: string,
  proven: VerifiedTransactionProof,
  trust: string,
): string[] {
  const { transaction, receipt, header, ledger } = proven;
  const to = transaction.to === undefined ? 'a new contract' : `0x${toHex(transaction.to)}`;
  const outcome =
    receipt.succeeded === undefined ? 'ran' : receipt.succeeded ? 'succeeded' : 'failed';
  const { witnesses, verified } = ledger;
  const lines: CheckLine[] = [
    line('transaction', `0x${toHex(transaction.hash)}, ${formatWei(transaction.value)} to ${to}`),
    line('receipt', `it ${outcome}, with ${formatCount(receipt.logs.length)} logs`),
    line(
      'block',
      `both are under the roots of block ${header.number}, place ${proven.transactionIndex}: ` +
        `0x${toHex(header.hash)}`,
    ),
    line(
      'inclusion',
      `that block is entry ${ledger.header.index} of ${ledger.header.namespace}, ` +
        `in the tree of ${ledger.checkpoint.size}`,
    ),
    line('checkpoint', `signed by the log ${ledger.checkpoint.origin}; its key is ${trust}`),
    {
      name: 'witnesses',
      holds: witnesses.length > 0 ? true : undefined,
      words: witnesses.length > 0 ? `cosigned by ${witnesses.join(', ')}` : 'none asked for',
    },
    {
      name: 'signature',
      holds: verified.writer ? true : undefined,
      words: verified.writer
        ? 'by the writer of the chain'
        : 'of the chain’s writer: not checked; give --key-blocks',
    },
  ];
  const notes = [
    `dated ${formatTime(Number(header.timestamp) * 1000)} by its block`,
    'a later entry may have undone the block: the log up to its end tells',
    ...(proven.hasDevnetChanges
      ? ['a development chain: by hand its state was changed, or somebody was impersonated']
      : []),
  ];
  return [
    terminal.style(['green', 'bold'], `${path} holds`),
    ...formatChecks(terminal, lines),
    ...notes.map((note) => terminal.style('dim', `  ${note}`)),
  ];
}

function line(name: string, words: string): CheckLine {
  return { name, holds: true, words };
}
