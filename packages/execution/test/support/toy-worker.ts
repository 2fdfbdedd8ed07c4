/** A pool's worker over toy transactions, that can be told to fail in all the ways there are. */
import { EvmError } from '@basalt/evm';
import { serveBlocks } from '../../src/parallel/serve-blocks-shell.ts';
import { type ToyBlock, ToyEngine } from './toy-engine.ts';

export interface ToyPayload {
  readonly block: ToyBlock;
  readonly cells: SharedArrayBuffer;
  /** Worker 0 waits here until worker 1 has a task, so that it gets one. */
  readonly met: SharedArrayBuffer;
  /** What worker 1 does at its first task; `ask` all of them at every task. */
  readonly act?: 'throw' | 'bound' | 'exit' | 'hang' | 'ask' | undefined;
}

serveBlocks<undefined, ToyPayload>(({ block, cells, met, act }, { setup, state }) => {
  const isMet = new Int32Array(met);
  const toy = new ToyEngine(block, cells);
  return {
    execute: (transaction) => {
      if (act === 'ask')
        state.readStorage(new Uint8Array(20), new Uint8Array(32).fill(transaction));
      else if (act !== undefined && setup.worker === 0) Atomics.wait(isMet, 0, 0);
      else if (setup.worker === 1) {
        Atomics.store(isMet, 0, 1);
        Atomics.notify(isMet, 0);
        misbehave(act);
      }
      return toy.execute(transaction);
    },
    validate: (transaction) => toy.validate(transaction),
    markEstimates: (transaction) => toy.markEstimates(transaction),
  };
});

function misbehave(act: ToyPayload['act']): void {
  if (act === 'throw') throw new Error('seeded failure');
  if (act === 'bound') throw new EvmError('memory-bound', 'seeded bound');
  if (act === 'exit') process.exit(3);
  if (act === 'hang') for (;;);
}
