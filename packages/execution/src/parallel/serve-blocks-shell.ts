/** The worker's side of a pool: takes blocks, carries out tasks until the scheduler says done. */
import { parentPort, workerData } from 'node:worker_threads';
import { EvmError, type StateReader } from '@basalt/evm';
import { WorkerChannel } from './control.ts';
import { Hand, type TaskEngine } from './hand.ts';
import { IDLE_SLEEP_NS, IDLE_SPINS } from './limits.ts';
import { HostFailed, MailboxReader } from './mailbox.ts';
import type { BlockMessage, ReadyMessage, WorkerSetup } from './messages.ts';
import { attachScheduler, type SchedulerExports } from './scheduler.ts';

/** Most turns of an empty loop in one random pause; some 20 us. */
const PAUSE_TURNS_MAX = 20_000;

/** Makes the engine that carries out one block's tasks. */
export type EngineOf<Setup, Payload> = (
  payload: Payload,
  host: { readonly setup: WorkerSetup<Setup>; readonly state: StateReader },
) => TaskEngine | Promise<TaskEngine>;

/**
 * Serves the pool that started this thread.
 *
 * @param onMessage what comes that is no block
 */
export function serveBlocks<Setup, Payload>(
  engineOf: EngineOf<Setup, Payload>,
  onMessage: (message: { readonly kind: string }) => void = () => {},
): void {
  if (parentPort === null) throw new Error('this runs in a worker thread');
  const port = parentPort;
  const setup = workerData as WorkerSetup<Setup>;
  const { worker, memory, controlAt } = setup;
  const scheduler = attachScheduler(setup.schedulerModule, memory, setup.scheduler);
  const channel = new WorkerChannel(memory, controlAt, worker);
  const state = new MailboxReader(channel, () => performance.now());

  const run = async (message: BlockMessage<Payload>): Promise<void> => {
    const { sequence, payload, scheduleSeed } = message;
    try {
      const engine = await engineOf(payload, { setup, state });
      const pause = scheduleSeed === undefined ? undefined : randomPauses(scheduleSeed + worker);
      const waitedMs = state.waitedMs;
      const activeMs = workUntilDone(scheduler, new Hand(scheduler, engine, worker), pause);
      channel.report(sequence, 'done', { busyMs: activeMs - (state.waitedMs - waitedMs) });
    } catch (error) {
      scheduler.cancel();
      channel.report(sequence, outcomeOf(error), { message: String(error) });
    }
  };
  port.on('message', (message: { readonly kind: string }) => {
    if (message.kind === 'block') void run(message as BlockMessage<Payload>);
    else onMessage(message);
  });
  const ready: ReadyMessage = { kind: 'ready' };
  port.postMessage(ready);
}

/** @returns how long there was something to do, milliseconds */
function workUntilDone(
  scheduler: SchedulerExports,
  hand: Hand,
  pause: (() => void) | undefined,
): number {
  const startMs = performance.now();
  let idleMs = 0;
  for (;;) {
    const outcome = hand.step();
    if (outcome === 'done') return performance.now() - startMs - idleMs;
    if (outcome === 'worked') {
      pause?.();
      continue;
    }
    const idleFromMs = performance.now();
    scheduler.idle(IDLE_SPINS, IDLE_SLEEP_NS);
    idleMs += performance.now() - idleFromMs;
  }
}

/** Every third part of a task is followed by a pause of random length. */
function randomPauses(seed: number): () => void {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    if (state >>> 16 < 43_690) return;
    const turns = (state >>> 8) % PAUSE_TURNS_MAX;
    for (let i = 0; i < turns; i++);
  };
}

function outcomeOf(error: unknown): 'memory-bound' | 'host-failed' | 'failed' {
  if (error instanceof HostFailed) return 'host-failed';
  return error instanceof EvmError && error.code === 'memory-bound' ? 'memory-bound' : 'failed';
}
