import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type Answer, ask } from './answers.ts';

/** Something the node is asked for again and again; the last value stays when an answer fails. */
export interface Polled<T> {
  readonly value: T | undefined;
  readonly last: Answer<T>['kind'] | 'asking';
}

export interface Poll<T> {
  readonly now: ReadonlySignal<Polled<T>>;
  /** Asks at once, unless an answer is under way. */
  refresh(): void;
  close(): void;
}

export function startPoll<T>(path: string, everyMs: number): Poll<T> {
  const now: Signal<Polled<T>> = signal<Polled<T>>({ value: undefined, last: 'asking' });
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  const refresh = async (): Promise<void> => {
    if (isAsking || controller.signal.aborted) return;
    isAsking = true;
    clearTimeout(timer);
    const answer = await ask<T>(path, controller.signal);
    isAsking = false;
    if (controller.signal.aborted) return;
    const value = answer.kind === 'value' ? answer.value : now.peek().value;
    now.value = { value, last: answer.kind };
    timer = setTimeout(() => void refresh(), everyMs);
  };
  void refresh();
  return {
    now,
    refresh: () => void refresh(),
    close() {
      controller.abort();
      clearTimeout(timer);
    },
  };
}
