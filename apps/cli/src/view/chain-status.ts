import type { BlockHeader, ChainEvent } from '@basalt/execution';
import { formatCount, formatRate } from './numbers.ts';
import type { Terminal } from './terminal.ts';

/** Rates are those of the last seconds, so that a pause shows. */
const WINDOW_MS = 5_000;

export interface RatesNow {
  readonly transactionsPerSecond: number;
  readonly megagasPerSecond: number;
}

/** Counts what the blocks of the last seconds brought. */
export class ChainRates {
  readonly #clock: { nowMs(): number };
  /** Oldest first; bounded by the blocks of the window. */
  #blocks: { readonly timeMs: number; readonly transactions: number; readonly gas: number }[] = [];

  constructor(clock: { nowMs(): number }) {
    this.#clock = clock;
  }

  add({ kind, block }: ChainEvent): void {
    if (kind !== 'block') return;
    const { transactions, header } = block;
    const timeMs = this.#clock.nowMs();
    this.#blocks.push({ timeMs, transactions: transactions.length, gas: Number(header.gasUsed) });
  }

  now(): RatesNow {
    const from = this.#clock.nowMs() - WINDOW_MS;
    this.#blocks = this.#blocks.filter(({ timeMs }) => timeMs > from);
    const sum = (of: (block: { transactions: number; gas: number }) => number): number =>
      this.#blocks.reduce((total, block) => total + of(block), 0);
    const seconds = WINDOW_MS / 1000;
    return {
      transactionsPerSecond: sum(({ transactions }) => transactions) / seconds,
      megagasPerSecond: sum(({ gas }) => gas) / 1e6 / seconds,
    };
  }
}

/** The line that moves below a devnet. */
export function chainStatus(
  terminal: Terminal,
  head: Pick<BlockHeader, 'number'>,
  { transactionsPerSecond, megagasPerSecond }: RatesNow,
): string {
  const parts = [
    `block ${formatCount(Number(head.number))}`,
    `${formatRate(transactionsPerSecond)} transactions/s`,
    `${formatRate(megagasPerSecond)} Mgas/s`,
  ];
  const dim = (text: string): string => terminal.style('dim', text);
  const state = `${terminal.style('green', '●')} running`;
  return `  ${state}  ${parts.join(dim(' · '))}  ${dim('Ctrl+C stops')}`;
}
